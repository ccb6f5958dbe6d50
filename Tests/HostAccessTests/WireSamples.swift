// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Wings

/// One value of every case that can travel, so that none can be forgotten: the tests compare with the catalog.
enum WireSamples {
  static let bmc = BMC(
    address: IPv4Address(bits: 0x0a03_0001), protocol: .ipmi, user: "admin", password: SecretRef("bmc/head1"))
  static let user = SystemUser(name: "munge", uid: 641, gid: 641, home: "/nonexistent")
  static let mac = MACAddress(bits: 0x5254_0001_0001)
  static let address = IPv4Address(bits: 0x0a01_0001)
  static let error = AgentError(.diskFull, "The disk is full", cause: "ENOSPC", next: "Make room.")

  static let probes: [AnyProbe] = Set(replies.map(\.0)).sorted { $0.words < $1.words }
  static let answers: [AnyAnswer] = replies.map(\.1) + [.failed(error)]

  /// Every probe, with each sort of answer.
  static let replies: [(AnyProbe, AnyAnswer)] = [
    SystemProbe().answered(
      SystemState(hostname: "head1", machineID: "m", operatingSystem: "Debian", bootID: "b", uptimeSeconds: 1.5)),
    file.answered(.absent), file.answered(.link(target: "/x")), file.answered(.other("a folder")),
    file.answered(
      .file(
        FileFacts(
          digest: "d", size: 3, mode: 0o644, owner: "root", group: "root", contents: "é\u{0}\"\n", managed: true))),
    SecretFileProbe("/etc/s", SecretRef("s")).answered(.matches),
    TreeProbe("/srv/t").answered(TreeState(exists: true, files: ["a/b": "d"])),
    PackagesProbe(["nginx", "dnsmasq"]).answered(["nginx": "1.22"]),
    UnitProbe("nginx.service", configuration: ["/etc/nginx"]).answered(
      UnitState(exists: true, enabled: true, masked: false, active: "active", configuration: .stale)),
    SystemUserProbe(user).answered(SystemUserState(uid: 641, gid: 641)),
    SystemUserProbe(user).answered(SystemUserState(uidOwner: "other", gidOwner: "others")),
    ServiceReportProbe("/run/r").answered(nil),
    ServiceReportProbe("/run/r").answered(
      ServiceReportState(ServiceReport(state: .degraded, detail: "d", process: 7), isCurrent: true)),
    StateFolderProbe("/srv/state").answered(StateFolder(isMounted: true, marker: "alps", isEmpty: false)),
    ReplicaProbe(.standIn).answered(ReplicaState(isMade: false)),
    ReplicaProbe(.drbd(device: "/dev/sdb")).answered(ReplicaState(isMade: false, foreign: "xfs")),
    ReplicaProbe(.anywhere).answered(
      ReplicaState(isMade: true, isActive: true, standing: .syncing, left: 1 << 20, rate: 1 << 20)),
    ListenersProbe().answered([Listener(.udp(53), address: "10.1.0.1%eth0", program: "dnsmasq")]),
    LinksProbe().answered([
      LinkState(name: "eth0", mac: mac, up: true, addresses: ["10.1.0.1/16"], gateways: [address])
    ]),
    image.answered(nil), signatures.answered(nil),
    signatures.answered(BootSignaturesState(goal: "g", isOfKey: true, isOfLoader: false, isIntact: true)),
    image.answered(ImageState(name: "c", digest: "d", squashfs: "s", bytes: 1 << 40, packages: ["a": "1"])),
    recipe.answered(nil), recipe.answered(updates.recipe), bytes.answered(nil),
    bytes.answered(ImageBytes(squashfs: "s", wrong: ["vmlinuz"], unknown: ["initrd"])), difference.answered(nil),
    difference.answered(
      ImageDifference(files: [.init(path: "/a", change: .changed, details: ["mode 0644 -> 0755"])], omitted: 2)),
    IfupdownProbe().answered(nil), IfupdownProbe().answered(["/etc/network/interfaces": "auto lo\n"]),
    KernelFileSystemProbe("nfsd").answered(true),
    StoredProbe().answered([
      Stored(.init(.image, "c/0123456789abcdef"), bytes: 1, age: 2),
      Stored(.init(.agent, "a"), bytes: 3, age: 4, isRunning: true),
    ]),
    updates.answered(nil),
    updates.answered(ImageUpdates(newer: [.init(name: "a", from: "1", to: "2", isSecurity: true)], added: ["b"])),
    SSHPortProbe(address).answered(true), clone.answered(nil),
    clone.answered(
      CloneRecord(head: "head2", capture: nil, installedAt: 1_700_000_000)),
    clone.answered(CloneRecord(head: "head2", capture: "c", installedAt: 1_700_000_000)),
    CorosyncProbe().answered(nil),
    CorosyncProbe().answered(
      CorosyncState(
        quorate: true, links: [.init(number: 0, address: "10.1.0.1", connected: true)], encrypted: true,
        members: ["head1"], witness: false)),
    CIBProbe().answered(nil), CIBProbe().answered("<cib/>"), StoredCIBProbe().answered(nil),
    StoredCIBProbe().answered(StoredCIB(isManaged: true, isPaused: false)), CrmMonProbe().answered(nil),
    CrmMonProbe().answered("<crm_mon/>"), FencingProbe("head2").answered(nil),
    FencingProbe("head2").answered(
      FencingRecord(head: "head2", address: address, provenAt: 5, device: "fence_ipmilan", uuid: "00")),
    UnnamedMachinesProbe().answered([]),
    UnnamedMachinesProbe().answered([
      UnnamedMachine(mac: mac, maker: "Example", product: "P1", serial: "S\u{1b}[1", firstHeard: 900, lastHeard: 4)
    ]),
    NodeBootsProbe(mac).answered([]),
    NodeBootsProbe(mac).answered([
      BootMoment(.powered, age: 40), BootMoment(.failed, age: 3, image: "c/d", detail: "S\u{1b}[1"),
    ]),
    network.answered(nil), network.answered(seen),
    NodeReportsProbe().answered([
      NodeReport(mac: mac, stage: .ready, image: "c/d", verified: true, age: 9, uptime: 4, detail: "x"),
      NodeReport(
        mac: mac, stage: .script, image: nil, verified: false, age: 9, uptime: nil, server: address, readyAge: 12,
        poweredAge: 10),
      checked,
    ]),
    identities.answered(nil),
    identities.answered(NodeIdentitiesState(goal: "g", others: [.nodeIdentities], isIntact: true)),
    FenceTestProbe("head2").answered(nil),
    FenceTestProbe("head2").answered(FenceTest(token: "r", testedAt: 5, off: 1200, on: 2400, back: 31_000)),
    ResourceAgentsProbe().answered(.absent), ResourceAgentsProbe().answered(.other), PowerProbe(bmc).answered(.on),
    PowerCycleProbe(bmc).answered(nil), PowerCycleProbe(bmc).answered("r"),
    NodeCommandProbe("r").answered(nil),
    NodeCommandProbe("r").answered([
      .init(node: "node001", ending: .ended(status: 1), output: .text("o"), errors: .bytes([0xff]), isCut: true),
      .init(
        node: "node002", ending: .failed(AgentError(.unreachable, "m", next: "n")), output: .text(""),
        errors: .text(""), isCut: false),
    ]),
    CheckNotesProbe("r").answered([]),
    CheckNotesProbe("r").answered([
      CheckNote(
        check: CheckID("munge", "local"),
        results: [
          CheckResult(machine: "node001", status: .passed, milliseconds: 40),
          CheckResult(machine: "node002", peer: "node001", status: .failed, detail: "status 1", output: "\u{1b}x"),
        ])
    ]),
  ]

  private static let network = BootNetworkProbe(
    BootNetworkGoal(card: "eth0", mac: mac, server: address, name: "head1.c", boots: true, addresses: [address]))
  private static var seen: BootNetworkSight {
    var seen = BootNetworkSight(mtu: 1500)
    seen.offers = [.init(server: address, hardware: mac, address: address, file: "S\u{1b}[1")]
    seen.owners = [.init(address: address, machines: [mac])]
    seen.services = [.init("tftp", problem: nil), .init("dns", problem: "no answer")]
    (seen.pinged, seen.narrow, seen.unknown) = (1, [address], ["curl is not there"])
    return seen
  }
  private static let file = FileProbe("/etc/hosts")
  private static let image = ImageProbe("compute", digest: "d")
  private static let recipe = ImageRecipeProbe("compute", digest: "d")
  private static let bytes = ImageBytesProbe("compute", digest: "d")
  private static let difference = ImageDifferenceProbe(from: "compute/d", to: "compute/e")
  private static let identities = NodeIdentitiesProbe([.nodeIdentities, SecretRef("s")])
  private static let signatures = BootSignaturesProbe(.bootSigning)
  private static let updates = ImageUpdatesProbe(
    "compute", digest: "d",
    against: ImageRecipe(
      name: "compute", suite: "bookworm", mirror: nil, proxy: nil, asOf: ArchiveDate("2026-11-28"),
      snapshot: "http://snapshot.example.org/archive", kernel: "k", packages: ["a"], overlays: [], finish: [],
      extra: [.init(uri: "https://v", suite: "./", components: [], fingerprints: ["F"], key: ["K"])], keep: [.docs]))
  private static let clone = CloneProbe("head2")

  /// A node whose own checks do not pass, and one that is waited for until they do.
  private static let checked: NodeReport = {
    var report = NodeReport(mac: mac, stage: .ready, image: "c/d", verified: true, age: 9, uptime: 4)
    report.checked = NodeReport.Checked(tag: "0123456789abcdef", failing: [CheckID("a", "b")])
    return report
  }()
  private static let waiting: NodeGoal = {
    var goal = NodeGoal(node: "node001", mac: mac, bmc: nil, image: "c/d", restart: false, deadlineSeconds: 60)
    goal.readiness = NodeReadiness(tag: "0123456789abcdef", advice: ["a/b": "Look."])
    return goal
  }()

  private static let linkWithIPv6: LinkGoal = {
    let router = IPv6Address(high: 0xfe80_0000_0000_0000, low: 1)
    var link = LinkGoal(interface: "eth1", address: address, prefix: 16, gateway: nil)
    link.ipv6 = LinkGoal.IPv6(
      address: IPv6Address(high: 0x2001_0db8_0001_0000, low: 0x11), prefix: 64, gateway: .advertised)
    link.former = LinkGoal.Former("2001:db8:1::12/64").map { [$0] }
    link.formerGateways6 = [router]
    return link
  }()

  static let operations =
    ([
      EnsureFile(FileGoal(path: "/etc/a", contents: .text("a\n"), mode: 0o600, owner: "root:root")),
      EnsureFile(FileGoal(path: "/etc/b", contents: .bytes([0, 255, 10]))),
      EnsureSecretFile(SecretFileGoal(path: "/etc/s", secret: SecretRef("s"))), EnsureFileAbsent(path: "/etc/a"),
      EnsureTree(TreeGoal(root: "/srv/t", files: ["x": .init(.text("1"), executable: true)])),
      EnsureTreeAbsent(root: "/srv/t"), EnsurePackages(["nginx"]), EnsurePackagesAbsent(["nginx"]),
      EnsureUnit(UnitGoal(name: "a.service", enabled: nil, active: true, configuration: ["/etc/a"], reload: .reload)),
      EnsureHostname("head1"), EnsureSystemUser(user),
      EnsureStateFolder(StateFolderGoal(path: "/srv/state", marker: "alps"), marks: true),
      EnsureReplica(ReplicaGoal(path: "/srv/state", marker: "alps", device: "/dev/sdb", wipe: false), begins: true),
      EnsureLink(
        LinkGoal(
          interface: "eth0", address: address, prefix: 16, gateway: nil,
          former: LinkGoal.Former("10.1.0.9/16").map { [$0] })),
      EnsureLink(linkWithIPv6),
      EnsureAddress(interface: "eth0", address: .v4(address), prefix: 16),
      EnsureAddress(interface: "eth0", address: .v6(IPv6Address(high: 0x2001_0db8_0001_0000, low: 0x10)), prefix: 64),
      EnsureImage(
        ImageRecipe(
          name: "c", suite: "bookworm", mirror: nil, proxy: "http://p", kernel: "k", packages: ["b", "a"],
          overlays: [.init(path: "/o", digest: "d")], finish: [])),
      EnsureImageFetched(name: "c", digest: "d", source: "http://10.1.0.1", signature: .bootSigning),
      EnsureBootSigned(
        BootSignaturesGoal(
          key: .bootSigning, loaders: [.init(name: "boot", configuration: "reboot\n")], scripts: ["01.cfg": "d"],
          images: ["c/d"])), EnsureBootSignedAbsent(),
      EnsureCapture(CaptureRecipe(clone: "head2", excluded: ["/var/log"])),
      EnsureClone(
        CloneGoal(
          head: "head2", bmc: bmc, mac: mac, address: address, bootScript: "/b", installScript: "i",
          identity: ["/etc/hostname": .text("head2\n")], deadlineSeconds: 600)),
      EnsureSymbolicLink(path: "/etc/localtime", destination: "/usr/share/zoneinfo/UTC"),
      EnsureCloneNoted(head: "head2"), EnsureCloneAbsent(head: "head2"),
      EnsurePower(bmc: bmc, state: .off, of: .node("node001", mac: mac)),
      EnsurePower(bmc: bmc, state: .on, of: .head("head2")),
      EnsurePowerCycled(bmc: bmc, of: .node("node001", mac: nil), token: "r"),
      EnsureNode(NodeGoal(node: "node001", mac: mac, bmc: bmc, image: "c/d", restart: true, deadlineSeconds: 60)),
      EnsureNode(
        NodeGoal(
          node: "node001", mac: mac, bmc: nil, image: "c/d", server: address, restart: false, deadlineSeconds: 60)),
      EnsureNode(waiting),
      EnsureCIB(
        CIBGoal(elements: [CIBElement(section: .resources, id: "r", xml: "<r/>")], removed: ["x"], members: ["head1"])),
      EnsureServicesOn(
        SwitchoverGoal(head: "head2", anchor: "address-private", parts: [.init(id: "nginx", names: ["boot"])])),
      EnsureServicesOn(SwitchoverGoal(head: "head2", anchor: "a", parts: [], held: "head1")),
      EnsureServicesOn(SwitchoverGoal(head: "head3", anchor: "spread-b", parts: [], spread: "b")),
      EnsureFenceTested(FenceTestGoal(head: "head2", bmc: bmc, token: "r")),
      EnsureFencingProven(FencingGoal(head: "head2", from: "head1", bmc: bmc, own: bmc)),
      EnsureResourceAgents(present: true),
      EnsureNodeIdentities(
        NodeIdentitiesGoal(
          domain: "d", heads: [address], nodes: [.init(name: "node001", addresses: [address], image: "c")],
          files: ["c": [.init(path: "/etc/s", secret: SecretRef("s"))]],
          live: [.init(path: "/etc/l", contents: .text("l"), live: .reload("l.service"))],
          own: ["node001": [.init(path: "/etc/o", contents: .text("o"), live: .nothing)]])),
      EnsureNodesRefreshed(
        NodeRefreshGoal(nodes: [.init(place: .init(name: "node001", address: address), mac: mac)])),
      EnsureNodeIdentitiesAbsent(),
      EnsureCommandRun(
        NodeCommandGoal(
          argv: ["echo", "a b"], nodes: [.init(name: "node001", address: address)], token: "r", seconds: 60)),
      EnsureChecked(
        CheckGoal(
          check: CheckID("munge", "cross"), token: "r",
          parts: [.init(machine: "node001", peer: "node002", address: address, words: ["a"])],
          script: CheckScript(path: "packages/munge/tests/x", contents: .text("#!/bin/sh\n")), account: .user,
          expected: CheckExpectation(output: "^a", number: .init(minimum: 1.5, maximum: nil), same: true),
          needs: [CheckID("munge", "local")], remediation: "Look.")),
      EnsureLeftoversAbsent([.init(.init(.packages, "0123456789abcdef"), bytes: 5)]),
    ] as [any HostOperation]).map { AnyOperation($0) }

  /// A conversation's messages as they travel, by a name for each.
  static func frames() throws -> [String: [UInt8]] {
    var frames: [String: [UInt8]] = [:]
    func add(_ group: String, _ value: Any, _ message: some Encodable) throws {
      try add(group, named: String(String(describing: value).prefix { $0.isLetter }), message)
    }
    func add(_ group: String, named word: String, _ message: some Encodable) throws {
      let name = "\(group)-\(word)"
      let number = (1...).first { frames["\(name)-\($0)"] == nil } ?? 0
      frames["\(name)-\(number)"] = try FrameDecoder.frame(message)
    }
    let secrets = Secrets([SecretRef("s"): [0, 1, 255]])
    let run = RunToken(
      run: "r", generation: 7, holder: "a@b pid 1", process: ProcessIdentity(pid: 1, startedAt: 2, boot: "b"))
    for probe in probes { try add("probe", named: probe.name, ClientMessage.request(id: 1, .answer([probe], secrets))) }
    for operation in operations {
      try add("operation", named: operation.name, ClientMessage.request(id: 2, .perform(operation, secrets, run)))
    }
    let change = try PendingChange.ID(run: "r", operation: operations[0])
    let calls: [WireRequest] = [.confirm(change, run), .lease, .claim(run), .release(run)]
    for call in calls { try add("request", call, ClientMessage.request(id: 3, call)) }
    try add("client", "cancel", ClientMessage.cancel(id: 3))

    for (probe, answer) in replies {
      try add("answer", named: probe.name, AgentMessage.reply(id: 1, .answers([answer])))
    }
    try add("answer", named: "failed", AgentMessage.reply(id: 1, .answers([.failed(error)])))
    let pending = PendingChange(id: change, run: "r", what: "a file", secondsLeft: 9)
    let lease = LeaseState(newestGeneration: 7, holder: run, secondsLeft: 9, heldSeconds: 1, pending: pending)
    let replies: [WireReply] = [
      .outcome(Outcome(changed: true, detail: "written")), .lease(lease), .done, .failed(error),
    ]
    for reply in replies { try add("reply", reply, AgentMessage.reply(id: 2, reply)) }
    try add(
      "agent", "hello",
      AgentMessage.hello(
        AgentHello(
          version: WireProtocol.version, host: "head1", probes: ["links", "file"], operations: ["ensureFile"])))
    try add("agent", "progress", AgentMessage.progress(id: 2, "half"))
    return frames
  }
}
