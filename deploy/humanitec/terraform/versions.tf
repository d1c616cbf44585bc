# Registers the driver, its resource types and the Resource Definitions of one cloud:
#   terraform apply -var org=my-org -var cloud=aws -var url=https://cache-driver.example.com
# The provider takes its token from HUMANITEC_TOKEN.
terraform {
  required_version = ">= 1.5"
  required_providers {
    humanitec = {
      source  = "humanitec/humanitec"
      version = "~> 1.0"
    }
  }
}

provider "humanitec" {
  org_id = var.org
}
