# The role of the driver on EKS (IRSA): the least that it needs, for one Kubernetes service account.
#
# policy.json, policy-full.json and policy-read-only.json are what `cache-driver policy aws` prints; narrow them down by
# --account-id, --region and --prefix before use.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "name" {
  description = "Name of the role. `check` asks IAM for the permissions of a role of this name."
  type        = string
  default     = "cache-driver"
}

variable "policy_file" {
  description = "Which of the policies the role gets."
  type        = string
  default     = "policy.json"
}

variable "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of the cluster."
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
  # arn:aws:iam::ACCOUNT:oidc-provider/HOST/id/ID
  oidc_provider = element(split("oidc-provider/", var.oidc_provider_arn), 1)
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.oidc_provider}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.oidc_provider}:sub"
      values   = ["system:serviceaccount:${var.namespace}:${var.service_account}"]
    }
  }
}

resource "aws_iam_role" "cache_driver" {
  name                 = var.name
  description          = "cache-driver on Kubernetes"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_policy" "cache_driver" {
  name        = var.name
  description = "The least that cache-driver needs"
  policy      = file("${path.module}/${var.policy_file}")
}

resource "aws_iam_role_policy_attachment" "cache_driver" {
  role       = aws_iam_role.cache_driver.name
  policy_arn = aws_iam_policy.cache_driver.arn
}

output "role_arn" {
  description = "For the annotation eks.amazonaws.com/role-arn of the service account."
  value       = aws_iam_role.cache_driver.arn
}
