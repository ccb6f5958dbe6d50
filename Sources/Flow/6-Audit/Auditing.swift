// SPDX-License-Identifier: Apache-2.0

// Auditing: the record of every run, in the git repository that holds the spec.
//
// Start at `AuditRepository`. One commit a run on `refs/heads/cluster/history`: what was asked, what was done, what is
// now true, and which resources are managed. Neither the index nor the work tree is touched. The newest commit of a
// site is all the state there is: what it lists as managed and the spec has dropped is taken away.
