// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A question that a service must answer: a connection, a page, a name, or a program of the site's own.
///
/// Who answers late is slow. Who cannot be reached is asked once more, because a daemon may be loading its
/// configuration at that moment.
enum HealthQuestion {
  case connection(address: String, port: UInt16)
  case page(address: String, port: UInt16, path: String)
  /// A page behind TLS: busybox(1) fetches it.
  case securePage(url: String)
  case name(String, server: String)
  case program(String)

  enum Answer {
    case right
    case wrong(String)
  }

  /// Milliseconds after which an answer counts as slow, and a silent service is looked at more closely.
  static let slow = 2000

  static func all(_ call: OCFCall) -> [HealthQuestion] {
    var questions: [HealthQuestion] = []
    if let url = call["http_url"] { questions.append(page(url)) }
    if let server = call["dns_server"], let name = call["dns_name"] { questions.append(.name(name, server: server)) }
    if let address = call["tcp_address"], let port = call["tcp_port"].flatMap({ UInt16($0) }) {
      questions.append(.connection(address: address, port: port))
    }
    if let program = call["program"] { questions.append(.program(program)) }
    return questions
  }

  static func page(_ url: String) -> HealthQuestion {
    guard url.hasPrefix("http://") else { return .securePage(url: url) }
    let rest = url.dropFirst("http://".count)
    let host = rest.prefix { $0 != "/" }
    let parts = host.split(separator: ":", maxSplits: 1)
    let path = rest.dropFirst(host.count)
    return .page(
      address: parts.first.map(String.init) ?? "", port: parts.count == 2 ? UInt16(parts[1]) ?? 80 : 80,
      path: path.isEmpty ? "/" : String(path))
  }

  /// The port at which somebody waits. Nil: it is not known.
  var port: UInt16? {
    switch self {
    case .connection(_, let port), .page(_, let port, _): port
    case .name: 53
    case .securePage, .program: nil
    }
  }

  var isProgram: Bool { if case .program = self { true } else { false } }
  /// Whether a right answer shows that the unit's processes run: the kernel answers for them where it is a connection.
  var isAnsweredByTheUnit: Bool { if case .connection = self { false } else { true } }
  private var isPatient: Bool { !isProgram }

  /// Asks until the answer is right, or nothing more is to be hoped for.
  ///
  /// - Parameter giveUp: whether the service is known not to answer any more; it is told whether the service has been
  ///   silent for long enough to be called slow.
  func answer(until limit: MonotonicTime, giveUp: (Bool) -> Bool) -> Answer {
    var failures = 0
    let begun = MonotonicTime.now
    while true {
      let isSlow = MonotonicTime.now - begun >= Self.slow
      let wait = isPatient ? min(limit.left, Self.slow) : limit.left
      switch ask(within: wait) {
      case .right: return .right
      case .silent:
        if limit.left == 0 || giveUp(true) { return .wrong("it does not answer") }
      case .no(let why):
        failures += 1
        // Twice, and not at the same instant.
        if failures > 1 || limit.left == 0 || giveUp(isSlow) { return .wrong(why) }
        Pause.milliseconds(min(200, limit.left))
      }
    }
  }

  private enum Attempt {
    case right
    case silent
    case no(String)
  }

  private func ask(within milliseconds: Int) -> Attempt {
    let limit = MonotonicTime.now + milliseconds
    switch self {
    case .connection(let address, let port):
      return Connection.open(address, port, until: limit).map { _ in .right }
        ?? Self.failed(limit, "takes no connection")
    case .page(let address, let port, let path):
      guard let connection = Connection.open(address, port, until: limit) else {
        return Self.failed(limit, "takes no connection")
      }
      guard connection.send("GET \(path) HTTP/1.0\r\nHost: \(address)\r\nUser-Agent: cluster\r\n\r\n"),
        let line = connection.receive(until: limit)
      else { return Self.failed(limit, "ends the connection without an answer") }
      return Self.isSuccess(line) ? .right : .no("it answers \(line.prefix { !$0.isNewline })")
    case .securePage(let url):
      return run(["busybox", "wget", "-q", "-O", "/dev/null", url], milliseconds)
    case .name(let name, let server):
      switch NameQuery.ask(server, for: name, until: limit) {
      case 0: return .right
      case let status?: return .no("it answers for \(name) with DNS status \(status)")
      case nil: return Self.failed(limit, "does not take questions")
      }
    case .program(let path): return run([path], milliseconds)
    }
  }

  private static func failed(_ limit: MonotonicTime, _ why: String) -> Attempt {
    limit.left == 0 ? .silent : .no("it \(why)")
  }

  /// `HTTP/1.1 200 OK`. What leads elsewhere is an answer too.
  private static func isSuccess(_ line: String) -> Bool {
    let words = line.split(separator: " ")
    return words.first?.hasPrefix("HTTP/") == true && words.count > 1 && ["2", "3"].contains(words[1].prefix(1))
  }

  private func run(_ argv: [String], _ milliseconds: Int) -> Attempt {
    let done = ChildProgram.run(argv, within: milliseconds)
    if done.status == 0 { return .right }
    return done.status == ChildProgram.tookTooLong ? .silent : .no("\(argv[0]) ends with status \(done.status)")
  }
}
