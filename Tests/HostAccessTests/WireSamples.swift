// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Wings

/// One value of every case that can travel, so that none can be forgotten: the switches below are exhaustive.
enum WireSamples {
  static let bmc = BMC(
    address: IPv4Address(bits: 0x0a03_0001), protocol: .ipmi, user: "admin", password: SecretRef("bmc/head1"))
  static let mac = MACAddress(bits: 0x5254_0001_0001)
  static let address = IPv4Address(bits: 0x0a01_0001)
  static let error = AgentError(.diskFull, "The disk is full", cause: "ENOSPC", next: "Make room.")

  static let probes: [Probe] = [
    .system, .file(path: "/etc/hosts", contents: true), .secretFile(path: "/etc/s", secret: SecretRef("s")),
    .tree(root: "/srv/t"), .packages(["nginx", "dnsmasq"]), .unit(name: "nginx.service", configuration: ["/etc/nginx"]),
    .links, .image(name: "compute", digest: "d"), .clone(head: "head2"), .corosync, .cib, .storedCIB,
    .crmMon, .fencing(head: "head2"), .nodeReports, .power(bmc),
  ]

  static let answers: [Answer] = [
    .system(
      SystemState(hostname: "head1", machineID: "m", operatingSystem: "Debian", bootID: "b", uptimeSeconds: 1.5)),
    .file(.absent), .file(.link(target: "/x")), .file(.other("a folder")),
    .file(
      .file(
        FileFacts(
          digest: "d", size: 3, mode: 0o644, owner: "root", group: "root", contents: "é\u{0}\"\n", managed: true))),
    .secretFile(.matches), .tree(TreeState(exists: true, files: ["a/b": "d"])), .packages(["nginx": "1.22"]),
    .unit(UnitState(exists: true, enabled: true, masked: false, active: "active", configuration: .stale)),
    .links([LinkState(name: "eth0", mac: mac, up: true, addresses: ["10.1.0.1/16"], gateways: [address])]),
    .image(nil), .image(ImageState(name: "c", digest: "d", squashfs: "s", bytes: 1 << 40, packages: ["a": "1"])),
    .clone(nil), .clone(CloneRecord(head: "head2", capture: "c", installedAt: 1_700_000_000)),
    .corosync(nil),
    .corosync(
      CorosyncState(
        quorate: true, links: [.init(number: 0, address: "10.1.0.1", connected: true)], encrypted: true,
        members: ["head1"])),
    .cib(nil), .cib("<cib/>"), .storedCIB(nil), .storedCIB(StoredCIB(isManaged: true, isPaused: false)), .crmMon(nil),
    .crmMon("<crm_mon/>"), .fencing(nil),
    .fencing(FencingRecord(head: "head2", address: address, provenAt: 5)),
    .nodeReports([
      NodeReport(mac: mac, stage: .ready, image: "c/d", verified: true, age: 9, uptime: 4, detail: "x"),
      NodeReport(
        mac: mac, stage: .script, image: nil, verified: false, age: 9, uptime: nil, server: address, readyAge: 12,
        poweredAge: 10),
    ]),
    .power(.on), .failed(error),
  ]

  static let operations =
    ([
      EnsureFile(FileGoal(path: "/etc/a", contents: .text("a\n"), mode: 0o600, owner: "root:root")),
      EnsureFile(FileGoal(path: "/etc/b", contents: .bytes([0, 255, 10]))),
      EnsureSecretFile(SecretFileGoal(path: "/etc/s", secret: SecretRef("s"))), EnsureFileAbsent(path: "/etc/a"),
      EnsureTree(TreeGoal(root: "/srv/t", files: ["x": .init(.text("1"), executable: true)])),
      EnsureTreeAbsent(root: "/srv/t"), EnsurePackages(["nginx"]), EnsurePackagesAbsent(["nginx"]),
      EnsureUnit(UnitGoal(name: "a.service", enabled: nil, active: true, configuration: ["/etc/a"], reload: .reload)),
      EnsureHostname("head1"),
      EnsureLink(LinkGoal(interface: "eth0", address: address, prefix: 16, gateway: nil)),
      EnsureAddress(interface: "eth0", address: address, prefix: 16),
      EnsureImage(
        ImageRecipe(
          name: "c", suite: "bookworm", mirror: nil, proxy: "http://p", kernel: "k", packages: ["b", "a"],
          overlays: [.init(path: "/o", digest: "d")], finish: [])),
      EnsureImageFetched(name: "c", digest: "d", source: "http://10.1.0.1"), EnsureImageAbsent(name: "c", digest: "d"),
      EnsureCapture(CaptureRecipe(clone: "head2", excluded: ["/var/log"])),
      EnsureClone(
        CloneGoal(
          head: "head2", bmc: bmc, mac: mac, address: address, bootScript: "/b", installScript: "i",
          identity: ["/etc/hostname": .text("head2\n")], deadlineSeconds: 600)),
      EnsureSymbolicLink(path: "/etc/localtime", destination: "/usr/share/zoneinfo/UTC"),
      EnsureCloneAbsent(head: "head2"),
      EnsurePower(bmc: bmc, state: .off),
      EnsureNode(NodeGoal(node: "node001", mac: mac, bmc: bmc, image: "c/d", restart: true, deadlineSeconds: 60)),
      EnsureNode(
        NodeGoal(
          node: "node001", mac: mac, bmc: nil, image: "c/d", server: address, restart: false, deadlineSeconds: 60)),
      EnsureCIB(
        CIBGoal(elements: [CIBElement(section: .resources, id: "r", xml: "<r/>")], removed: ["x"], members: ["head1"])),
      EnsureFencingProven(FencingGoal(head: "head2", bmc: bmc)),
    ] as [any HostOperation]).map { AnyOperation($0) }

  /// A conversation's messages as they travel, by a name for each.
  static func frames() throws -> [String: [UInt8]] {
    var frames: [String: [UInt8]] = [:]
    func add(_ group: String, _ value: Any, _ message: some Encodable) throws {
      let name = "\(group)-\(String(describing: value).prefix { $0.isLetter })"
      let number = (1...).first { frames["\(name)-\($0)"] == nil } ?? 0
      frames["\(name)-\(number)"] = try FrameDecoder.frame(message)
    }
    let secrets = Secrets([SecretRef("s"): [0, 1, 255]])
    let run = RunToken(
      run: "r", generation: 7, holder: "a@b pid 1", process: ProcessIdentity(pid: 1, startedAt: 2, boot: "b"))
    for probe in probes { try add("probe", probe, ClientMessage.request(id: 1, .answer([probe], secrets))) }
    for operation in operations {
      try add("operation", operation.name, ClientMessage.request(id: 2, .perform(operation, secrets, run)))
    }
    let change = try PendingChange.ID(run: "r", operation: operations[0])
    let calls: [WireRequest] = [.confirm(change, run), .lease, .claim(run), .release(run)]
    for call in calls { try add("request", call, ClientMessage.request(id: 3, call)) }
    try add("client", "cancel", ClientMessage.cancel(id: 3))

    for answer in answers { try add("answer", answer, AgentMessage.reply(id: 1, .answers([answer]))) }
    let pending = PendingChange(id: change, run: "r", what: "a file", secondsLeft: 9)
    let lease = LeaseState(newestGeneration: 7, holder: run, secondsLeft: 9, heldSeconds: 1, pending: pending)
    let replies: [WireReply] = [
      .outcome(Outcome(changed: true, detail: "written")), .lease(lease), .done, .failed(error),
    ]
    for reply in replies { try add("reply", reply, AgentMessage.reply(id: 2, reply)) }
    try add(
      "agent", "hello",
      AgentMessage.hello(
        AgentHello(version: WireProtocol.version, host: "head1", operations: OperationCatalog.all.names)))
    try add("agent", "progress", AgentMessage.progress(id: 2, "half"))
    return frames
  }

  /// Which case it is, so that the tests can see that each is there. Fails to compile when one is added.
  static func kind(_ probe: Probe) -> Int {
    switch probe {
    case .system: 0
    case .file: 1
    case .secretFile: 2
    case .tree: 3
    case .packages: 4
    case .unit: 5
    case .links: 6
    case .image: 7
    case .clone: 8
    case .corosync: 9
    case .cib: 10
    case .crmMon: 11
    case .fencing: 12
    case .nodeReports: 13
    case .power: 14
    case .storedCIB: 15
    }
  }
}
