// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Runs the part of iPXE's script language that boot scripts use (ipxe.org/scripting, ipxe.org/cmd).
///
/// A command that is not known ends the script with an error, as it would on hardware.
struct IPXEInterpreter {
  private enum Status {
    case success
    case failure(String)
    case jump(to: String)
    case end(IPXEOutcome)

    var isSuccess: Bool { if case .success = self { true } else { false } }
  }

  /// Against scripts that go in circles: after so many lines the firmware starts over.
  private static let lineLimit = 10_000

  private let platform: any IPXEPlatform
  private var settings: IPXESettings
  private var kernel: String?
  private var arguments: [String] = []
  private var images: Set<String> = []
  private var linesLeft = Self.lineLimit

  init(platform: any IPXEPlatform, settings: IPXESettings) {
    self.platform = platform
    self.settings = settings
  }

  /// Fetches a script and runs it to its end.
  mutating func run(_ url: String) async throws(AgentError) -> IPXEOutcome {
    switch try await chain(url) {
    case .end(let outcome): outcome
    case .failure(let why): .failed(why)
    case .success, .jump: .exit
    }
  }

  private mutating func chain(_ url: String) async throws(AgentError) -> Status {
    guard let bytes = await attempt(url) else { return .failure("could not fetch \(url)") }
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("#!ipxe") else { return .failure("\(url) is no iPXE script") }
    platform.say("script \(url)")
    return try await run(
      script: text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init))
  }

  /// The result, or nil where it failed and the reason is on the console.
  private func attempt(_ url: String) async -> [UInt8]? {
    do {
      return try await platform.fetch(url)
    } catch {
      platform.say("\(url): \(error)")
      return nil
    }
  }

  private mutating func run(script lines: [String]) async throws(AgentError) -> Status {
    var next = 0
    while next < lines.count {
      linesLeft -= 1
      guard linesLeft > 0 else { return .failure("the script does not end") }
      let line = lines[next].trimmingWhitespace
      next += 1
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(":") { continue }
      switch try await execute(line) {
      case .success: continue
      case .jump(let label):
        let target = lines.firstIndex { $0.trimmingWhitespace.split(separator: " ").first == ":\(label)" }
        guard let target else { return .failure("no label \(label)") }
        next = target + 1
      case .failure(let why): return .failure("\(line): \(why)")
      case .end(let outcome): return .end(outcome)
      }
    }
    return .success
  }

  /// One line: commands between `||`, `&&` and `;`. What stands before a command decides whether it runs; one that does
  /// not run leaves the status as it is. So `isset ${a} && goto b ||` never fails.
  private mutating func execute(_ line: String) async throws(AgentError) -> Status {
    var words = settings.expand(line).split(separator: " ").map(String.init)[...]
    var status = Status.success
    var separator = ";"
    while true {
      let end = words.firstIndex { ["||", "&&", ";"].contains($0) } ?? words.endIndex
      if separator == ";" || (separator == "&&") == status.isSuccess {
        let command = Array(words[..<end])
        status = command.isEmpty ? .success : try await perform(command)
      }
      switch status {
      case .jump, .end: return status
      case .success, .failure: break
      }
      guard end < words.endIndex else { return status }
      separator = words[end]
      words = words[(end + 1)...]
    }
  }

  private mutating func perform(_ command: [String]) async throws(AgentError) -> Status {
    let (options, operands) = Self.parse(command.dropFirst())
    switch command[0] {
    case "echo": platform.say(command.dropFirst().joined(separator: " "))
    case "set":
      guard let name = operands.first else { return .failure("no setting is named") }
      settings[Self.untyped(name)] = operands.dropFirst().joined(separator: " ")
    case "inc":
      let name = Self.untyped(operands.first ?? "")
      let (old, step) = (settings[name].flatMap { Int32($0) } ?? 0, operands.dropFirst().first.flatMap { Int32($0) })
      settings[name] = "\(old.plus(step ?? 1))"
    case "clear": settings[operands.first ?? ""] = nil
    case "isset": return operands.isEmpty ? .failure("not set") : .success
    case "iseq": return operands.count == 2 && operands[0] == operands[1] ? .success : .failure("not equal")
    case "goto": return .jump(to: operands.first ?? "")
    case "sleep": try await platform.pause(.seconds(operands.first.flatMap(Int.init) ?? 1))
    case "chain": return try await chainCommand(operands)
    case "kernel", "imgselect": return await load(operands, name: options["name"], isKernel: true)
    case "initrd", "imgfetch", "module": return await load(operands, name: options["name"], isKernel: false)
    case "imgargs": arguments = Array(operands.dropFirst())
    case "imgfree": return freeImages(operands)
    case "boot": return bootCommand()
    case "sanboot": return .end(.disk)
    case "exit": return .end(.exit)
    case "reboot": return .end(.reboot)
    case "poweroff": return .end(.poweroff)
    // The lease that the firmware has is the one that it would get again.
    case "dhcp", "ifopen", "ifconf", "ifstat", "imgstat", "prompt", "console", "cpuid": return .success
    case "shell": return .failure("a lab machine has no keyboard")
    default: return .failure("unknown command")
    }
    return .success
  }

  /// `tries:int32` is the setting `tries`: all of them are text here.
  private static func untyped(_ name: String) -> String { String(name.prefix { $0 != ":" }) }

  private mutating func chainCommand(_ operands: [String]) async throws(AgentError) -> Status {
    guard let url = operands.first else { return .failure("no script is named") }
    return try await chain(url)
  }

  private mutating func load(_ operands: [String], name: String?, isKernel: Bool) async -> Status {
    guard let url = operands.first else { return .failure("no image is named") }
    do {
      try await platform.download(url)
    } catch {
      return .failure("\(error)")
    }
    images.insert(name ?? String(url.split(separator: "/").last ?? ""))
    if isKernel {
      kernel = url
      arguments = Array(operands.dropFirst())
    }
    return .success
  }

  private mutating func freeImages(_ names: [String]) -> Status {
    if names.isEmpty {
      images = []
      kernel = nil
      return .success
    }
    return names.allSatisfy { images.remove($0) != nil } ? .success : .failure("no such image")
  }

  private func bootCommand() -> Status {
    guard let kernel else { return .failure("no kernel is loaded") }
    return .end(.boot(kernel: kernel, arguments: arguments))
  }

  /// Options with a value in the commands above; every other `--option` stands alone.
  private static func parse(_ words: ArraySlice<String>) -> (options: [String: String], operands: [String]) {
    var options: [String: String] = [:]
    var rest = words
    while let word = rest.first, word.hasPrefix("-"), word.count > 1 {
      rest = rest.dropFirst()
      guard
        let name = ["--name": "name", "-n": "name", "--drive": "drive", "-d": "drive", "--timeout": "timeout"][word]
      else { continue }
      options[name] = rest.popFirst()
    }
    return (options, Array(rest))
  }
}

extension String {
  fileprivate var trimmingWhitespace: String {
    let text = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    return String(text.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
  }
}
