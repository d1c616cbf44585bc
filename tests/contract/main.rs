//! The contract suite: every sentence of `Backend`'s documentation that says what a backend does, for every product.
//!
//! A product joins by a [`harness::Harness`] over its emulator and a line in [`products::all`]; `contract!` below then runs
//! every test for it. A product without a harness fails `products::every_product_of_the_registry_has_a_harness`.
//! A test that is not in the list of `contract!` is an unused function, which the compiler tells.

#![expect(clippy::unwrap_used, reason = "it says in a test what an assertion would say")]

mod account;
mod apply;
mod capabilities;
mod changes;
mod connection;
mod diagnose;
mod harness;
mod leftovers;
mod life;
mod list;
mod observe;
mod place;
mod preflight;
mod products;
mod resolve;
mod secrets;
mod steps;
mod whole;

/// One test of each name for one product.
macro_rules! tests {
    ($product:ident: $($area:ident { $($test:ident)+ })+) => {
        $(mod $area {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let test = concat!(stringify!($area), "::", stringify!($test));
                    let harness = crate::products::start(stringify!($product)).await;
                    crate::products::judge(test, harness, |harness| {
                        Box::pin(async move { crate::$area::$test(harness.as_ref()).await })
                    })
                    .await;
                }
            )+
        })+
    };
}

/// The whole contract for products, by their names in [`products::all`].
macro_rules! contract {
    ($($(#[$cfg:meta])* $product:ident)+) => {
        $($(#[$cfg])* mod $product {
            tests! { $product:
                capabilities {
                    they_are_whole_and_say_each_thing_once
                    they_stay_the_same
                }
                resolve {
                    the_same_specification_resolves_to_the_same_fields
                    every_product_says_auth_and_tls
                    each_field_that_cannot_be_served_is_named_at_its_own_path
                    all_fields_that_cannot_be_served_are_named_at_once
                    what_a_request_sets_is_set_and_what_a_route_sets_is_the_routes
                    a_default_of_the_product_was_set_by_nobody
                    a_request_wins_over_a_route
                    a_size_is_kept_as_it_was_asked_for
                }
                place {
                    a_location_that_is_not_allowed_is_an_error
                    a_cache_is_always_placed_where_it_is_looked_for
                    every_place_is_another_and_has_the_same_name
                    placing_calls_no_cloud
                }
                account {
                    it_is_asked_once_and_then_remembered
                    other_credentials_are_asked_anew
                    a_refusal_is_not_remembered
                    credentials_that_are_none_here_are_refused
                }
                observe {
                    a_cache_that_is_not_there_is_absent_and_no_error
                    a_cache_that_was_just_created_shows_its_mark
                    a_ready_cache_shows_where_and_what_it_is
                    what_the_cloud_does_by_itself_is_busy
                    a_status_that_nobody_knows_is_busy
                    a_cache_without_a_mark_is_foreign
                    a_mark_that_cannot_be_read_is_garbled
                    a_failed_creation_leaves_a_shell_or_nothing
                    a_cloud_that_does_not_answer_is_an_error_and_not_an_absence
                    looking_changes_nothing
                }
                changes {
                    a_cache_made_from_the_same_specification_shows_none
                    a_cache_made_with_everything_set_shows_none
                    fields_that_nobody_set_are_not_compared
                    fields_that_only_a_route_set_are_not_compared
                    fields_that_cannot_be_read_are_not_compared
                    each_change_shows_with_what_it_costs_and_no_more_than_announced
                    comparing_is_pure
                }
                steps {
                    nothing_to_do_is_no_call
                    the_mark_goes_with_or_before_the_first_change
                    a_cache_that_is_going_is_not_removed_twice
                    a_shell_leaves_no_snapshot
                    only_the_changes_that_are_asked_for_are_made
                    interrupting_changes_wait_for_the_window
                    planning_is_pure
                }
                secrets {
                    no_plan_shows_a_secret
                    no_plan_shows_a_random_secret
                    no_value_prints_a_secret
                    no_error_tells_a_secret
                }
                apply {
                    it_returns_before_the_work_is_done
                    it_makes_one_call
                    creating_twice_succeeds_and_makes_one_cache
                    of_two_creations_at_once_one_wins
                    creating_over_a_foreign_cache_leaves_it_foreign
                    a_lost_answer_to_a_creation_loses_nothing
                    a_lost_answer_to_a_change_loses_nothing
                    a_lost_answer_to_a_removal_loses_nothing
                    removing_what_is_absent_succeeds
                    a_busy_cache_is_busy
                    trouble_of_the_moment_is_unavailable_and_changes_nothing
                    denied_and_expired_credentials_are_credentials
                    capacity_and_quota_are_capacity
                    a_missing_prerequisite_comes_with_a_way_out
                }
                whole {
                    a_cache_goes_the_whole_way
                    each_change_can_be_made_in_place
                    a_password_is_rotated_and_settled
                    every_mark_is_written_and_read_back
                    a_foreign_cache_is_taken_over_by_its_mark_alone
                    a_final_snapshot_is_taken_where_it_is_offered
                    a_shell_is_removed_and_made_anew
                }
                connection {
                    it_tells_where_and_how_to_connect
                    without_auth_there_is_no_password
                }
                diagnose {
                    a_healthy_cache_has_no_cause
                    a_failed_creation_has_the_clouds_cause
                    a_failed_change_has_the_clouds_cause
                    what_happened_in_an_earlier_life_is_left_out
                }
                list {
                    it_shows_every_cache_with_whose_it_is
                    it_shows_more_than_a_page
                    it_shows_one_location_of_one_account
                    it_is_an_error_and_not_short_when_a_page_is_missing
                }
                leftovers {
                    nothing_is_left_over_while_a_cache_has_it_and_what_is_left_can_be_removed
                    what_the_product_does_not_make_is_not_removed
                }
                preflight {
                    all_is_well_and_nothing_is_changed
                    a_missing_prerequisite_is_found
                    missing_permissions_are_found
                }
            }
        })+
    };
}

contract! {
    imagined_by_driver
    imagined_by_cloud
    #[cfg(all(feature = "aws", feature = "sandbox"))]
    aws_standard
    #[cfg(all(feature = "aws", feature = "sandbox"))]
    aws_cluster
    #[cfg(all(feature = "aws", feature = "sandbox"))]
    aws_open
    #[cfg(all(feature = "gcp", feature = "sandbox"))]
    gcp_redis
    #[cfg(all(feature = "gcp", feature = "sandbox"))]
    gcp_redis_cluster
    #[cfg(all(feature = "gcp", feature = "sandbox"))]
    gcp_valkey
    #[cfg(all(feature = "gcp", feature = "sandbox"))]
    gcp_valkey_cluster
    #[cfg(all(feature = "gcp", feature = "sandbox"))]
    gcp_memcached
    #[cfg(all(feature = "azure", feature = "sandbox"))]
    azure_managed
    #[cfg(all(feature = "azure", feature = "sandbox"))]
    azure_managed_cluster
    #[cfg(all(feature = "azure", feature = "sandbox"))]
    azure_classic
}
