//! How what is missing in a project is mended: the commands, with everything filled in that is known.

use super::collection::Collection;

/// What a call was about, as far as a remedy needs it.
#[derive(Debug, Clone)]
pub(super) struct About<'a> {
    pub(super) collection: Collection,
    pub(super) project: &'a str,
    /// A region; `-` for all.
    pub(super) location: &'a str,
    /// The VPC network: `projects/p/global/networks/n`, or only its name.
    pub(super) network: Option<String>,
}

impl About<'_> {
    /// Project and name of the network.
    pub(super) fn network(&self) -> (&str, &str) {
        let path = self.network.as_deref().unwrap_or("default");
        let name = path.rsplit('/').next().unwrap_or("default");
        let project = path.split_once("projects/").and_then(|(_, rest)| rest.split('/').next());
        (project.unwrap_or(self.project), name)
    }

    fn region(&self) -> &str {
        if self.location == "-" { "REGION" } else { self.location }
    }

    /// <https://cloud.google.com/service-usage/docs/enable-disable>
    pub(super) fn enable(&self, service: Option<&str>, activation_url: Option<&str>) -> String {
        let own = format!("{}.googleapis.com", self.collection.service());
        let command = format!("run `gcloud services enable {} --project={}`", service.unwrap_or(&own), self.project);
        let open = activation_url.map(|url| format!(" or open {url}")).unwrap_or_default();
        format!("{command}{open}; it takes some minutes to be heard of everywhere")
    }

    /// <https://cloud.google.com/vpc/docs/configure-private-services-access>
    pub(super) fn private_service_access(&self) -> String {
        let (project, network) = self.network();
        let range = format!("google-managed-services-{network}");
        format!(
            "run `gcloud services enable servicenetworking.googleapis.com --project={project}`, \
             `gcloud compute addresses create {range} --global --purpose=VPC_PEERING --prefix-length=16 \
             --network={network} --project={project}` and `gcloud services vpc-peerings connect \
             --service=servicenetworking.googleapis.com --ranges={range} --network={network} --project={project}`"
        )
    }

    /// <https://cloud.google.com/vpc/docs/configure-private-services-access#modify-ip-range>
    pub(super) fn larger_range(&self) -> String {
        let (project, network) = self.network();
        let range = format!("google-managed-services-{network}-2");
        format!(
            "give private service access a further range: `gcloud compute addresses create {range} --global \
             --purpose=VPC_PEERING --prefix-length=16 --network={network} --project={project}` and `gcloud services \
             vpc-peerings update --service=servicenetworking.googleapis.com --ranges=ALL_RANGES,{range} \
             --network={network} --project={project} --force`"
        )
    }

    /// <https://cloud.google.com/memorystore/docs/valkey/instance-provisioning-vpc>
    pub(super) fn service_connection_policy(&self) -> String {
        let ((project, network), region) = (self.network(), self.region());
        let class = match self.collection {
            Collection::Valkey => "gcp-memorystore",
            _ => "gcp-memorystore-redis",
        };
        let subnets =
            format!("https://www.googleapis.com/compute/v1/projects/{project}/regions/{region}/subnetworks/SUBNET");
        format!(
            "run `gcloud network-connectivity service-connection-policies create cache-driver-{class} \
             --service-class={class} --network={network} --region={region} --subnets={subnets} --project={project}`, \
             with a subnet of that network"
        )
    }

    /// <https://cloud.google.com/vpc/docs/create-modify-vpc-networks>
    pub(super) fn make_network(&self) -> String {
        let (project, network) = self.network();
        format!(
            "run `gcloud compute networks create {network} --subnet-mode=auto --project={project}`, or name another one in \
             providers.gcp.network"
        )
    }

    /// <https://cloud.google.com/kms/docs/iam>
    pub(super) fn key_grant(&self) -> String {
        let (project, service) = (self.project, self.collection.service());
        format!(
            "the service agent (`gcloud beta services identity create --service={service}.googleapis.com \
             --project={project}` tells it) needs roles/cloudkms.cryptoKeyEncrypterDecrypter on the key: `gcloud kms keys \
             add-iam-policy-binding KEY --keyring=KEYRING --location={} --member=serviceAccount:SERVICE_AGENT \
             --role=roles/cloudkms.cryptoKeyEncrypterDecrypter`",
            self.region()
        )
    }

    pub(super) fn billing(&self) -> String {
        format!("run `gcloud billing projects link {} --billing-account=ACCOUNT`", self.project)
    }

    pub(super) fn permission(&self, permission: Option<&str>) -> String {
        let role = self.collection.role();
        let lacking = permission.map_or_else(|| "the permission".to_owned(), str::to_owned);
        format!(
            "the identity lacks {lacking}: run `gcloud projects add-iam-policy-binding {} --member=serviceAccount:EMAIL \
             --role={role}`; `cache-driver policy gcp` prints all that is needed",
            self.project
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_are_filled_in() {
        let about = About {
            collection: Collection::Valkey,
            project: "shop",
            location: "europe-west3",
            network: Some("projects/host/global/networks/main".to_owned()),
        };
        let policy = about.service_connection_policy();
        for part in ["--service-class=gcp-memorystore ", "--network=main", "--region=europe-west3", "--project=host"] {
            assert!(policy.contains(part), "{policy}");
        }
        let access = about.private_service_access();
        assert!(access.contains("--network=main --project=host"), "{access}");
        let enable = about.enable(None, Some("https://console.example/x"));
        assert!(enable.contains("gcloud services enable memorystore.googleapis.com --project=shop"), "{enable}");
        assert!(enable.contains("https://console.example/x"), "{enable}");
        assert!(about.permission(Some("memorystore.instances.create")).contains("roles/memorystore.admin"));
    }

    #[test]
    fn a_network_without_a_project_is_the_caches_own() {
        let about = About { collection: Collection::Redis, project: "shop", location: "-", network: None };
        assert_eq!(about.network(), ("shop", "default"));
        assert!(about.service_connection_policy().contains("--region=REGION"));
    }
}
