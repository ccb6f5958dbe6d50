// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The signatures beside the files of one image that boot loaders read.
struct ImageSignatures {
  let folder: String

  func sign(with key: SigningKey) async throws(AgentError) {
    for file in ImageStore.signed {
      let signature = try await key.sign(try bytes(file))
      try FileSystem.write(signature, to: "\(folder)/\(ImageStore.signature(file))", mode: 0o644)
    }
  }

  /// The first file whose signature is as is asked for, or is missing. Nil: there is none.
  func first(
    where isWanted: (_ signature: [UInt8], _ bytes: [UInt8]) async throws(AgentError) -> Bool
  ) async throws(AgentError) -> String? {
    for file in ImageStore.signed {
      guard let signature = try FileSystem.contents("\(folder)/\(ImageStore.signature(file))") else { return file }
      if try await isWanted(signature, try bytes(file)) { return file }
    }
    return nil
  }

  private func bytes(_ file: String) throws(AgentError) -> [UInt8] {
    // An initrd with firmware for all cards there are has 300 MB.
    try FileSystem.read("\(folder)/\(file)", limit: 1 << 30)
  }
}
