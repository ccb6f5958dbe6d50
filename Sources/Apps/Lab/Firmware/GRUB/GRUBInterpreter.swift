// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Everything outside of itself that GRUB can reach.
protocol GRUBPlatform: Sendable {
  func whole(_ url: String) async throws(AgentError) -> [UInt8]
  func pause(_ length: Duration) async throws(AgentError)
  func say(_ text: String)
}

/// Runs the part of GRUB's script language that signed boot uses, and checks signatures as GRUB does: no file is opened
/// whose detached signature is not there, or not by the key that is built in.
///
/// A command that is not known, or fails, is said on the console, and the script goes on.
struct GRUBInterpreter {
  private let platform: any GRUBPlatform
  private let verifier: SignatureVerifier
  private var variables: [String: String]
  private var arguments: [String]?
  private var kernel = ""
  private var hasInitrd = false

  init(platform: any GRUBPlatform, verifier: SignatureVerifier, mac: MACAddress) {
    self.platform = platform
    self.verifier = verifier
    variables = ["net_default_mac": mac.description]
  }

  /// Runs the configuration that is built in.
  mutating func run(_ configuration: String) async throws(AgentError) -> IPXEOutcome {
    try await run(Self.lines(configuration)[...]) ?? .failed("GRUB has no more to do, and shows its prompt")
  }

  private static func lines(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { String($0.drop { $0 == " " }) }
  }

  /// Runs lines. Nil: they have ended, and nothing was booted.
  private mutating func run(_ lines: ArraySlice<String>) async throws(AgentError) -> IPXEOutcome? {
    var rest = lines
    while let line = rest.popFirst() {
      if line.hasPrefix("#") { continue }
      if line.hasPrefix("if ") || line.hasPrefix("for ") {
        let body = Self.body(&rest)
        if let outcome = try await runBlock(line, body) { return outcome }
      } else if case .end(let outcome) = try await perform(line) {
        return outcome
      }
    }
    return nil
  }

  /// The lines up to the end of a block, which is taken as well.
  private static func body(_ rest: inout ArraySlice<String>) -> ArraySlice<String> {
    var depth = 1
    var body: [String] = []
    while let line = rest.popFirst() {
      if line.hasPrefix("if ") || line.hasPrefix("for ") { depth += 1 }
      if line == "fi" || line == "done" { depth -= 1 }
      if depth == 0 { break }
      body.append(line)
    }
    return body[...]
  }

  private mutating func runBlock(
    _ line: String, _ body: ArraySlice<String>
  ) async throws(AgentError) -> IPXEOutcome? {
    let head = line.prefix(upTo: line.lastIndex(of: ";") ?? line.endIndex)
    if line.hasPrefix("if ") {
      switch try await perform(String(head.dropFirst(3))) {
      case .end(let outcome): return outcome
      case .success: return try await run(body)
      case .failure: return nil
      }
    }
    let words = head.split(separator: " ").map(String.init)
    for value in words.dropFirst(3) {
      variables[words[1]] = value
      if let outcome = try await run(body) { return outcome }
    }
    return nil
  }

  private enum Status {
    case success
    case failure
    case end(IPXEOutcome)
  }

  private mutating func perform(_ line: String) async throws(AgentError) -> Status {
    let words = GRUBWords.split(line, variables)
    let operands = Array(words.dropFirst())
    switch words.first {
    case "set":
      let parts = operands.joined(separator: " ").split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    case "export": break
    case "echo": platform.say(operands.joined(separator: " "))
    case "[": return Self.test(operands) ? .success : .failure
    case "sleep": try await platform.pause(.seconds(operands.first.flatMap { Int($0) } ?? 1))
    case "reboot": return .end(.reboot)
    case "source":
      guard let bytes = await open(operands.first) else { return .failure }
      return try await run(Self.lines(String(decoding: bytes, as: UTF8.self))[...]).map(Status.end) ?? .success
    case "linux":
      (arguments, hasInitrd) = (nil, false)
      guard await open(operands.first) != nil else { return .failure }
      (kernel, arguments) = (Self.url(operands[0]) ?? "", Array(operands.dropFirst()))
    case "initrd":
      hasInitrd = await open(operands.first) != nil
      return hasInitrd ? .success : .failure
    case "boot":
      guard let arguments, hasInitrd else { return say("no kernel is loaded") }
      return .end(.boot(kernel: kernel, arguments: arguments))
    case let command?: return say("can't find command `\(command)`")
    case nil: break
    }
    return .success
  }

  private func say(_ problem: String) -> Status {
    platform.say("error: \(problem).")
    return .failure
  }

  private static func test(_ operands: [String]) -> Bool {
    switch operands.count {
    case 3 where operands[0] == "-n": !operands[1].isEmpty
    case 4 where operands[1] == "=": operands[0] == operands[2]
    default: false
    }
  }

  /// `(http,HOST)/PATH` as a URL.
  private static func url(_ file: String) -> String? {
    guard file.hasPrefix("(http,"), let end = file.firstIndex(of: ")") else { return nil }
    return "http://\(file[..<end].dropFirst("(http,".count))\(file[end...].dropFirst())"
  }

  /// A file's bytes, when they are signed. Nil: the reason is on the console.
  private func open(_ file: String?) async -> [UInt8]? {
    guard let url = file.flatMap(Self.url) else { return nil }
    do throws(AgentError) {
      let bytes = try await platform.whole(url)
      if try await verifier.accepts(try await platform.whole("\(url).sig"), of: bytes) { return bytes }
      platform.say("error: bad signature: \(url).")
    } catch {
      platform.say("\(url): \(error)")
    }
    return nil
  }
}

/// The words of a line, with what `$NAME` stands for.
private enum GRUBWords {
  static func split(_ line: String, _ variables: [String: String]) -> [String] {
    var words: [String] = []
    var word: String?
    var rest = Substring(line)
    while let character = rest.popFirst() {
      switch character {
      case "'":
        word = (word ?? "") + rest.prefix { $0 != "'" }
        rest = rest.drop { $0 != "'" }.dropFirst()
      case "\"":
        var quoted = rest.prefix { $0 != "\"" }
        rest = rest.dropFirst(quoted.count + 1)
        word = word ?? ""
        while let next = quoted.popFirst() { word?.append(next == "$" ? value(&quoted, variables) : String(next)) }
      case "$":
        // What is not between quotes falls into words.
        let parts = value(&rest, variables).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for (index, part) in parts.enumerated() {
          if index > 0 {
            word.map { words.append($0) }
            word = nil
          }
          if !part.isEmpty { word = (word ?? "") + part }
        }
      case " ":
        word.map { words.append($0) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    word.map { words.append($0) }
    return words
  }

  private static func value(_ rest: inout Substring, _ variables: [String: String]) -> String {
    let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    rest = rest.dropFirst(name.count)
    return variables[String(name)] ?? ""
  }
}
