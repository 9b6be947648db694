# Deploys a bundle that `npm run bundle` wrote, into one account and Region. docs/many-accounts.md says more.
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
  description = "What the bucket's name begins with; the Region follows"
}

variable "account_alias" {
  description = "What people call this account, in messages"
  default     = ""
}

locals {
  template = "${var.bundle}/holdfast-prod.template.json"
}

resource "aws_s3_bucket" "code" {
  bucket = "${var.code_bucket_prefix}-${var.region}"
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
  name         = "holdfast-prod"
  template_url = "https://${aws_s3_bucket.code.bucket_regional_domain_name}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM"]
  parameters = {
    CodeBucketPrefix = var.code_bucket_prefix
    AccountAlias     = var.account_alias
  }
  depends_on = [aws_s3_object.code]
}
