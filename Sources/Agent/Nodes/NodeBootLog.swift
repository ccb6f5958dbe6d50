// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import Wings

/// The boots of one machine, as a boot log tells of them, by the rules of `BootHistory`.
struct NodeBootLog {
  private let mac: MACAddress
  private let address: IPv4Address?
  /// Seconds since 1970, by the clock that wrote the log.
  private let now: Int
  private(set) var moments: [BootMoment] = []

  /// - Parameter address: the one that is reserved for the machine. Nil: none is, and nobody can speak for it.
  init(_ mac: MACAddress, at address: IPv4Address?, now: Int) {
    self.mac = mac
    self.address = address
    self.now = now
  }

  mutating func add(_ event: BootEvent) {
    let age = max(0, now.minus(event.at / 1000))
    switch event.what {
    case .script(let asked):
      if asked == mac, event.address == address { add(BootMoment(.script, age: age)) }
    case .image(let image):
      if event.address == address, address != nil { add(BootMoment(.image, age: age, image: image)) }
    case .report(let fields):
      guard fields["mac"].flatMap({ MACAddress($0) }) == mac,
        let stage = fields["event"].flatMap(NodeReport.Stage.init(rawValue:)),
        BootHistory.counts(event, stage, of: address)
      else { return }
      var moment = BootMoment(stage, age: age)
      moment.image = fields["image"].flatMap(BootHistory.image)
      // What a node that is up says of its units is its state, and not its boot.
      moment.detail = stage == .ready ? nil : fields["detail"].flatMap(BootHistory.words)
      if stage == .ready { return addReady(moment, uptime: fields["uptime"].flatMap { Int($0) } ?? 0) }
      add(moment)
    case .capture: return
    }
  }

  /// A node that is up goes on saying so, and any user of it can fetch what a boot fetches: a machine that has been up
  /// for longer than that has not booted since.
  private mutating func addReady(_ moment: BootMoment, uptime: Int) {
    let since = moment.age.plus(max(0, uptime))
    moments.removeAll { ($0.stage == .script || $0.stage == .image) && $0.age < since.minus(Self.slack) }
    if let last = moments.last, last.stage == .ready, last.image == moment.image { return }
    add(moment)
  }

  /// Seconds that a kernel takes from its own start to the fetching of its image, at most.
  private static let slack = 180

  private mutating func add(_ moment: BootMoment) {
    if moments.count >= BootMoment.most { moments.removeFirst() }
    moments.append(moment)
  }
}

extension NodeBootsProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [BootMoment] {
    var log = NodeBootLog(mac, at: try Reservations.read().addresses[mac], now: Int(time(nil)))
    try BootLog.events { log.add($0) }
    return log.moments
  }
}
