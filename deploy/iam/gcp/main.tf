# The identity of the driver on GKE (Workload Identity): a service account with a custom role, for one Kubernetes service
# account.
#
# role.yaml, role-full.yaml and role-read-only.yaml are what `cache-driver policy gcp` prints.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0"
    }
  }
}

variable "project" {
  description = "Project of the caches."
  type        = string
}

variable "cluster_project" {
  description = "Project of the cluster, whose workload identity pool is used. Unset: that of the caches."
  type        = string
  default     = null
}

variable "network_project" {
  description = "Project of the network, with Shared VPC: `check` looks at the network there. Unset: that of the caches."
  type        = string
  default     = null
}

variable "role_file" {
  description = "Which of the roles it gets."
  type        = string
  default     = "role.yaml"
}

variable "namespace" {
  description = "Namespace of the driver."
  type        = string
  default     = "cache-driver"
}

variable "service_account" {
  description = "Kubernetes service account of the driver."
  type        = string
  default     = "cache-driver"
}

locals {
  role = yamldecode(file("${path.module}/${var.role_file}"))
  pool = "${coalesce(var.cluster_project, var.project)}.svc.id.goog"
}

resource "google_service_account" "cache_driver" {
  project      = var.project
  account_id   = "cache-driver"
  display_name = "cache-driver"
}

resource "google_project_iam_custom_role" "cache_driver" {
  project     = var.project
  role_id     = "cache_driver"
  title       = local.role.title
  description = local.role.description
  stage       = local.role.stage
  permissions = local.role.includedPermissions
}

resource "google_project_iam_member" "cache_driver" {
  project = var.project
  role    = google_project_iam_custom_role.cache_driver.id
  member  = google_service_account.cache_driver.member
}

# Looking at a shared network: without it `check` says that it could not ask.
resource "google_project_iam_member" "network" {
  count = var.network_project == null ? 0 : 1

  project = var.network_project
  role    = "roles/compute.networkViewer"
  member  = google_service_account.cache_driver.member
}

resource "google_service_account_iam_member" "workload_identity" {
  service_account_id = google_service_account.cache_driver.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${local.pool}[${var.namespace}/${var.service_account}]"
}

output "service_account" {
  description = "For the annotation iam.gke.io/gcp-service-account of the Kubernetes service account."
  value       = google_service_account.cache_driver.email
}
