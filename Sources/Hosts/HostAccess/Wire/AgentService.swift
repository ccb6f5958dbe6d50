// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Dispatch
import Glibc

/// Serves a host's calls over two file descriptors, as `cluster-agent serve` does over standard input and output.
package struct AgentService: Sendable {
  private let host: any Host
  private let writer: FrameWriter

  package init(host: any Host, output: Int32) {
    self.host = host
    writer = FrameWriter(output)
  }

  /// Until the input closes, and then until what is in flight has ended: a lost connection does not break a step off.
  ///
  /// - Throws: `.protocolMismatch` when the input is not the protocol.
  package func serve(input: Int32) async throws(AgentError) {
    var reader = FrameReader()
    let result = await withTaskGroup(of: Void.self) { group -> Result<Void, AgentError> in
      var greeted = false
      do throws(AgentError) {
        for await bytes in Self.chunks(of: input) {
          reader.push(bytes)
          while let payload = try reader.next() {
            let request = try Wire.decode(Request.self, payload)
            if case .hello(let version) = request.call {
              greeted = greet(request.id, version)
            } else if greeted {
              group.addTask { await serve(request) }
            } else {
              throw .garbage("a request came before the greeting")
            }
          }
        }
        guard reader.isAtBoundary else { throw .garbage("the connection ended within a message") }
      } catch {
        await group.waitForAll()
        return .failure(error)
      }
      await group.waitForAll()
      return .success(())
    }
    await writer.finish()
    try result.get()
  }

  private func greet(_ id: UInt64, _ version: Int) -> Bool {
    guard version == Request.version else {
      let error = AgentError(
        .protocolMismatch, "The agent speaks version \(Request.version) of the protocol, not \(version)",
        next: "Use a `cluster` and a `cluster-agent` that were built together.")
      writer.send(Reply(id: id, body: .failed(error)))
      return false
    }
    writer.send(Reply(id: id, body: .hello(version: Request.version)))
    return true
  }

  private func serve(_ request: Request) async {
    let id = request.id
    do throws(AgentError) {
      switch request.call {
      case .hello: return
      case .answer(let probes, let secrets):
        writer.send(.answers(id, try await host.answer(probes, secrets: secrets)))
      case .perform(let operation, let secrets, let run):
        let outcome = try await host.perform(operation, secrets: secrets, run: run) { line in
          writer.send(Reply(id: id, body: .progress(line)))
        }
        writer.send(Reply(id: id, body: .outcome(outcome)))
      case .lease: writer.send(Reply(id: id, body: .lease(try await host.lease())))
      case .claim(let run):
        try await host.claim(run)
        writer.send(Reply(id: id, body: .done))
      case .release(let run):
        try await host.release(run)
        writer.send(Reply(id: id, body: .done))
      }
    } catch {
      writer.send(Reply(id: id, body: .failed(error)))
    }
  }

  /// Read on a thread of its own, because read(2) blocks and the tasks' threads are few.
  private static func chunks(of input: Int32) -> AsyncStream<[UInt8]> {
    let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    DispatchQueue(label: "input").async {
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let count = Glibc.read(input, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        continuation.yield(Array(buffer[..<count]))
      }
      continuation.finish()
    }
    return stream
  }
}
