// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension ClientMessage: Codable {
  package func encode(to encoder: any Encoder) throws {
    var list: any UnkeyedEncodingContainer = encoder.unkeyedContainer()
    switch self {
    case .request(let id, let request):
      try list.encode("request")
      try list.encode(id)
      try request.write(to: &list)
    case .cancel(let id):
      try list.encode("cancel")
      try list.encode(id)
    }
  }

  package init(from decoder: any Decoder) throws {
    var list: any UnkeyedDecodingContainer = try decoder.unkeyedContainer()
    switch try list.decode(String.self) {
    case "request": self = .request(id: try list.decode(Int.self), try WireRequest(from: &list))
    case "cancel": self = .cancel(id: try list.decode(Int.self))
    case let word: throw list.unfit(word)
    }
  }
}

extension AgentMessage: Codable {
  package func encode(to encoder: any Encoder) throws {
    var list: any UnkeyedEncodingContainer = encoder.unkeyedContainer()
    switch self {
    case .hello(let hello):
      try list.encode("hello")
      try list.encode(hello.version)
      try list.encode(hello.host.name)
    case .progress(let id, let line):
      try list.encode("progress")
      try list.encode(id)
      try list.encode(line)
    case .reply(let id, let reply):
      try list.encode("reply")
      try list.encode(id)
      try reply.write(to: &list)
    }
  }

  package init(from decoder: any Decoder) throws {
    guard var list: any UnkeyedDecodingContainer = try? decoder.unkeyedContainer() else {
      // So that it is told which version the other end speaks, and not only that it is another one.
      self = .hello(try NamedHello(from: decoder).hello._0)
      return
    }
    switch try list.decode(String.self) {
    case "hello":
      self = .hello(AgentHello(version: try list.decode(Int.self), host: HostID(try list.decode(String.self))))
    case "progress": self = .progress(id: try list.decode(Int.self), try list.decode(String.self))
    case "reply": self = .reply(id: try list.decode(Int.self), try WireReply(from: &list))
    case let word: throw list.unfit(word)
    }
  }
}

/// How agents up to version 2 of the protocol said hello.
private struct NamedHello: Decodable {
  struct Message: Decodable { var _0: AgentHello }

  var hello: Message
}

extension WireRequest: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    switch self {
    case .answer(let probes, let secrets):
      try list.encode("answer")
      try list.encode(secrets: secrets)
      try probes.write(to: &list)
    case .perform(let operation, let secrets, let run):
      try list.encode("perform")
      try list.encode(secrets: secrets)
      try list.encode(operation)
      try list.encode(run)
    case .confirm(let change, let run):
      try list.encode("confirm")
      try list.encode(change)
      try list.encode(run)
    case .lease: try list.encode("lease")
    case .claim(let run): try list.encode("claim", named: run)
    case .release(let run): try list.encode("release", named: run)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    switch try list.decode(String.self) {
    case "answer":
      let secrets = try list.decodeSecrets()
      self = .answer(try [Probe](from: &list), secrets)
    case "perform":
      let secrets = try list.decodeSecrets()
      self = .perform(try list.decode(Operation.self), secrets, try list.decode(RunToken.self))
    case "confirm":
      self = .confirm(try list.decode(PendingChange.ID.self), try list.decode(RunToken.self))
    case "lease": self = .lease
    case "claim": self = .claim(try list.decode(RunToken.self))
    case "release": self = .release(try list.decode(RunToken.self))
    case let word: throw list.unfit(word)
    }
  }
}

extension WireReply: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    switch self {
    case .answers(let answers):
      try list.encode("answers")
      try answers.write(to: &list)
    case .outcome(let outcome): try list.encode("outcome", named: outcome)
    case .lease(let state): try list.encode("lease", named: state)
    case .done: try list.encode("done")
    case .failed(let error): try list.encode("failed", named: error)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    switch try list.decode(String.self) {
    case "answers": self = .answers(try [Answer](from: &list))
    case "outcome": self = .outcome(try list.decode(Outcome.self))
    case "lease": self = .lease(try list.decode(LeaseState.self))
    case "done": self = .done
    case "failed": self = .failed(try list.decode(AgentError.self))
    case let word: throw list.unfit(word)
    }
  }
}

extension UnkeyedEncodingContainer {
  fileprivate mutating func encode(secrets: Secrets) throws {
    if secrets.isEmpty { try encodeNil() } else { try encode(secrets) }
  }
}

extension UnkeyedDecodingContainer {
  fileprivate mutating func decodeSecrets() throws -> Secrets {
    try decodeNil() ? Secrets() : try decode(Secrets.self)
  }
}
