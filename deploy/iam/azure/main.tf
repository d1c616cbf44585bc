# The identity of the driver on AKS (workload identity): a managed identity with a custom role on the caches' resource group,
# federated with one Kubernetes service account.
#
# role.json, role-full.json and role-read-only.json are what `cache-driver policy azure` prints; their AssignableScopes are
# replaced here.

terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

variable "resource_group_name" {
  description = "Resource group of the caches. It must exist."
  type        = string
}

variable "network_scope" {
  description = "Resource group, network or subnet of private endpoints, if it is another one: its id."
  type        = string
  default     = null
}

variable "role_file" {
  description = "Which of the roles it gets; role-full.json has private endpoints."
  type        = string
  default     = "role-full.json"
}

variable "oidc_issuer_url" {
  description = "OIDC issuer of the cluster: `az aks show --query oidcIssuerProfile.issuerUrl`."
  type        = string
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
  role   = jsondecode(file("${path.module}/${var.role_file}"))
  scopes = compact([data.azurerm_resource_group.caches.id, var.network_scope])
}

data "azurerm_resource_group" "caches" {
  name = var.resource_group_name
}

resource "azurerm_user_assigned_identity" "cache_driver" {
  name                = "cache-driver"
  location            = data.azurerm_resource_group.caches.location
  resource_group_name = data.azurerm_resource_group.caches.name
}

resource "azurerm_role_definition" "cache_driver" {
  name              = local.role.Name
  description       = local.role.Description
  scope             = data.azurerm_resource_group.caches.id
  assignable_scopes = local.scopes

  permissions {
    actions     = local.role.Actions
    not_actions = local.role.NotActions
  }
}

resource "azurerm_role_assignment" "cache_driver" {
  for_each = toset(local.scopes)

  scope              = each.value
  role_definition_id = azurerm_role_definition.cache_driver.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.cache_driver.principal_id
}

resource "azurerm_federated_identity_credential" "cache_driver" {
  name                = "cache-driver"
  resource_group_name = data.azurerm_resource_group.caches.name
  parent_id           = azurerm_user_assigned_identity.cache_driver.id
  audience            = ["api://AzureADTokenExchange"]
  issuer              = var.oidc_issuer_url
  subject             = "system:serviceaccount:${var.namespace}:${var.service_account}"
}

output "client_id" {
  description = "For the annotation azure.workload.identity/client-id of the service account."
  value       = azurerm_user_assigned_identity.cache_driver.client_id
}

output "tenant_id" {
  description = "The directory of the identity."
  value       = azurerm_user_assigned_identity.cache_driver.tenant_id
}
