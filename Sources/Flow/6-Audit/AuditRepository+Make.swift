// SPDX-License-Identifier: Apache-2.0
import CGit2

extension AuditRepository {
  /// Makes an empty repository where none is needed for the spec itself: for runs on machines in memory. One that is
  /// there already is used as it is.
  package static func make(in folder: String) throws(AuditError) -> AuditRepository {
    try GitRepository.make(in: folder)
    return try AuditRepository(folder: folder)
  }
}
