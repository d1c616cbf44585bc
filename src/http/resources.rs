//! `GET /resources`: every cache that this driver owns.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::App;
use super::error::ApiError;
use crate::driver::Inventory;

/// Resources
///
/// Every cache that this driver owns, over all clouds, accounts and regions of its config, with what is odd about each. At
/// most a minute old: however often it is asked, the clouds are asked once a minute.
#[utoipa::path(get, path = "/resources", operation_id = "resources", tag = "Operators",
    responses((status = 200, description = "The caches", body = Inventory)))]
pub(super) async fn resources(State(app): State<App>) -> Result<Json<Arc<Inventory>>, ApiError> {
    Ok(Json(app.driver().recent_inventory().await?))
}
