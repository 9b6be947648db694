# Deploys a bundle that `npm run bundle` wrote, into one account and Region. Copy this file into a folder of your own; each
# account and Region has a state of its own. docs/many-accounts.md says more.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "bundle" {
  description = "The folder that npm run bundle wrote"
}

variable "region" {
  description = "The Region of the groups"
}

variable "code_bucket_prefix" {
  description = "What the bucket's name begins with; the Region follows. A bucket's name is taken once in the world, so put the account into it"
}

variable "stage" {
  default = "prod"
}

variable "keeps_table" {
  description = "Whether the table is protected from deletion: \"false\" for the first deploy, \"true\" from then on"
  default     = "true"
}

variable "account_alias" {
  description = "What people call this account, in messages"
  default     = ""
}

variable "permissions_boundary" {
  description = "The name of the policy that is the boundary of every role"
  default     = ""
}

variable "role_path" {
  description = "The path of every role"
  default     = "/"
}

variable "kms_key" {
  description = "The ARN of a key of your own, in this Region"
  default     = ""
}

variable "tags" {
  description = "For everything"
  type        = map(string)
  default     = {}
}

provider "aws" {
  region = var.region
}

locals {
  template = "${var.bundle}/holdfast-${var.stage}.template.json"
}

resource "aws_s3_bucket" "code" {
  bucket = "${var.code_bucket_prefix}-${var.region}"
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "code" {
  bucket                  = aws_s3_bucket.code.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "code" {
  for_each    = fileset(var.bundle, "holdfast/*.zip")
  bucket      = aws_s3_bucket.code.id
  key         = each.value
  source      = "${var.bundle}/${each.value}"
  source_hash = filemd5("${var.bundle}/${each.value}")
  # What the stack has until its update is through, and after one that is rolled back, lies here as long.
  lifecycle { create_before_destroy = true }
}

# The address changes with the content: Terraform looks at nothing else.
resource "aws_s3_object" "template" {
  bucket = aws_s3_bucket.code.id
  key    = "${filemd5(local.template)}.template.json"
  source = local.template
  lifecycle { create_before_destroy = true }
}

resource "aws_cloudformation_stack" "holdfast" {
  name         = "holdfast-${var.stage}"
  template_url = "https://${aws_s3_bucket.code.bucket_regional_domain_name}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]
  tags         = var.tags
  parameters = {
    CodeBucketPrefix        = var.code_bucket_prefix
    KeepsTable              = var.keeps_table
    AccountAlias            = var.account_alias
    PermissionsBoundaryName = var.permissions_boundary
    RolePath                = var.role_path
    KmsKeyArn               = var.kms_key
  }
  depends_on = [aws_s3_object.code]
}
