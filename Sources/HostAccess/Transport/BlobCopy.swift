// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// Bytes on this machine: a file, or a part of one.
package struct LocalBlob: Hashable, Sendable {
  package var file: String
  package var offset: Int
  package var size: Int

  package init(file: String, offset: Int, size: Int) {
    self.file = file
    self.offset = offset
    self.size = size
  }

  /// A part of them.
  package func bytes(from start: Int, count: Int) throws(AgentError) -> [UInt8] {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileSystem.failure("\(file) cannot be read") }
    defer { _ = close(descriptor) }
    var done = 0
    var failed: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while done < count {
        let more = pread(
          descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + start + done))
        if more < 0, errno == EINTR { continue }
        if more <= 0 {
          failed = more < 0 ? errno : 0
          break
        }
        done += more
      }
      filled = done
    }
    if failed != 0 { throw FileSystem.failure("\(file) cannot be read", failed) }
    guard done == count else {
      throw AgentError(
        .invalid, "\(file) has become shorter while it was read", next: "Wait until it is written, then try again.")
    }
    return bytes
  }
}

/// Puts blobs on a host, over the connection that stands: each beside its place, checked, then renamed.
struct BlobCopy {
  let program: SSHProgram
  let carried: CarriedBlobs
  /// The blobs on this machine, by their digests.
  let sources: [String: LocalBlob]
  let progress: @Sendable (String) -> Void
  /// The most that is held in memory.
  var part = 16 << 20

  func copy() async throws(AgentError) {
    for path in carried.unless {
      if try await test("-e", path) { return }
    }
    for blob in carried.blobs {
      guard let source = sources[blob.digest] else {
        throw AgentError(
          .notFound, "\(carried.origin) is not what it was when the plan was made", cause: "no sha256:\(blob.digest)",
          next: "Run the command again: it reads the archive anew.")
      }
      let place = "\(carried.folder)/\(blob.digest)"
      // Only what was whole got its name.
      if try await test("-f", place) { continue }
      progress("copying \(max(1, blob.size >> 20)) MiB of \(carried.origin)")
      try await copy(blob, from: source, to: place)
    }
  }

  private func copy(_ blob: OCIImage.Blob, from source: LocalBlob, to place: String) async throws(AgentError) {
    let temporary = "\(place).\(String(UInt64.random(in: .min ... .max), radix: 36))"
    try await remote(["mkdir", "-p", "-m", "0700", carried.folder])
    do throws(AgentError) {
      var start = 0
      repeat {
        let bytes = try source.bytes(from: start, count: min(part, source.size - start))
        try await remote(
          [
            "dd", "of=\(temporary)", "bs=64k", "iflag=fullblock", "oflag=append", "conv=notrunc,fsync", "status=none",
          ], input: bytes, deadline: .seconds(300))
        start += bytes.count
      } while start < source.size
      let seen = try await remote(["sha256sum", temporary], deadline: .seconds(300)).text
      guard seen.hasPrefix(blob.digest) else {
        throw AgentError(
          .imageCorrupt, "\(carried.origin) is damaged: sha256:\(blob.digest) holds other bytes",
          cause: "what arrived on \(program.host) has \(seen.prefix(64))",
          next: "Write it again: `skopeo copy SOURCE oci-archive:FILE`. Nothing was built from it.")
      }
      try await remote(["mv", "-f", temporary, place])
    } catch {
      await program.discard(temporary)
      throw error
    }
  }

  private func test(_ what: String, _ path: String) async throws(AgentError) -> Bool {
    let result = try await program.remote(["test", what, path])
    guard result.status <= 1, program.explainSudo(result.status, result.errorText) == nil else {
      throw failure(result, "test")
    }
    return result.succeeded
  }

  @discardableResult
  private func remote(
    _ words: [String], input: [UInt8] = [], deadline: Duration = .seconds(30)
  ) async throws(AgentError) -> CommandResult {
    let result = try await program.remote(words, input: input, deadline: deadline)
    guard result.succeeded else { throw failure(result, words[0]) }
    return result
  }

  private func failure(_ result: CommandResult, _ remote: String) -> AgentError {
    if let refusal = program.explainSudo(result.status, result.errorText) { return refusal }
    let what = "\(carried.origin) cannot be copied to \(program.host)"
    let said = result.lastLines
    if result.status == 255 {
      return AgentError(
        .connectionLost, what, cause: said,
        next: "Check that the host is up and reachable, then run the command again: what has arrived stays.")
    }
    if said.contains("No space left") {
      return AgentError(
        .diskFull, what, cause: said,
        next: "Free some space on the file system of \(carried.folder) (`df -h`), then try again.")
    }
    return AgentError(
      .commandFailed, what, cause: said, next: "Log in to \(program.host) and see why `\(remote)` fails.")
  }
}
