// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

extension Contract {
  static let packages = [
    Contract(name: "packages are installed once, and only ours are removed") { (host) async throws in
      let names = ["figlet", "sl"]
      try await host.perform(EnsurePackages(names))
      #expect(try await host.packages(names + ["no-such-package"]).keys.sorted() == names)

      try await host.perform(EnsurePackagesAbsent(names))

      #expect(try await host.packages(names).isEmpty)
      let base = try await host.packages(["ca-certificates"])
      #expect(!base.isEmpty, "the machine has it from the start")
      #expect(try await host.once(EnsurePackagesAbsent(["ca-certificates"])).changed == false)
      #expect(try await host.packages(["ca-certificates"]) == base)
    },
    Contract(name: "a package that nobody has is not found") { (host) async throws in
      #expect(await host.failure(of: EnsurePackages(["no-such-package"])) == .notFound)
    },
  ]

  private static let service = "cluster-contract.service"
  private static let unitFile = FileGoal(
    path: "/etc/systemd/system/cluster-contract.service",
    contents: .text(
      """
      [Service]
      ExecStart=/usr/bin/sleep infinity
      ExecReload=/usr/bin/true
      [Install]
      WantedBy=multi-user.target

      """))

  static let units = [
    Contract(name: "a unit is started, enabled, disabled and stopped") { (host) async throws in
      try await host.perform(EnsureFile(unitFile))
      #expect(
        await host.failure(of: EnsureUnit(UnitGoal(name: "no-such.service", enabled: nil, active: true))) == .notFound)

      try await host.perform(EnsureUnit(UnitGoal(name: service, enabled: true, active: true)))
      let up = try await host.unit(service)
      #expect(up.exists && up.enabled && up.active == "active" && !up.masked)
      // Nil leaves it as it is.
      #expect(try await host.once(EnsureUnit(UnitGoal(name: service, enabled: nil, active: nil))).changed == false)
      #expect(try await host.unit(service) == up)
      try await host.perform(EnsureUnit(UnitGoal(name: service, enabled: false, active: false)))

      let down = try await host.unit(service)
      #expect(down.exists && !down.enabled && down.active == "inactive" && down.configuration == .notRunning)
      try await host.perform(EnsureFileAbsent(path: unitFile.path))
    },
    Contract(name: "a port where somebody waits is told, and by whom") { (host) async throws in
      let name = "cluster-contract.socket"
      let socket = FileGoal(path: "/etc/systemd/system/\(name)", contents: .text("[Socket]\nListenStream=4711\n"))
      try await host.perform(EnsureFile(unitFile))
      try await host.perform(EnsureFile(socket))
      #expect(!(try await host.ask(ListenersProbe()).contains { $0.port == .tcp(4711) }))

      try await host.perform(EnsureUnit(UnitGoal(name: name, enabled: nil, active: true)))

      let found = try await host.ask(ListenersProbe()).filter { $0.port == .tcp(4711) }
      #expect(found == [Listener(.tcp(4711), address: "*", program: "systemd")])
      try await host.perform(EnsureUnit(UnitGoal(name: name, enabled: nil, active: false)))
      for path in [socket.path, unitFile.path] { try await host.perform(EnsureFileAbsent(path: path)) }
    },
    Contract(name: "a unit that is not there is disabled and stopped already") { (host) async throws in
      let outcome = try await host.once(EnsureUnit(UnitGoal(name: "no-such.service", enabled: false, active: false)))

      #expect(!outcome.changed)
      #expect(try await host.unit("no-such.service").exists == false)
    },
    Contract(name: "a unit that cannot be enabled needs not be disabled") { (host) async throws in
      let name = "cluster-contract-fixed.service"
      let file = FileGoal(
        path: "/etc/systemd/system/\(name)", contents: .text("[Service]\nExecStart=/usr/bin/sleep infinity\n"))
      try await host.perform(EnsureFile(file))

      #expect(try await host.once(EnsureUnit(UnitGoal(name: name, enabled: false, active: nil))).changed == false)

      let state = try await host.unit(name)
      #expect(state.isFixed && !state.differs(from: false) && !state.differs(from: true))
      try await host.perform(EnsureFileAbsent(path: file.path))
    },
    Contract(name: "the agent is the resource agents' program, and no other file is") { (host) async throws in
      let path = ResourceAgentsKind.path
      try await host.perform(EnsureResourceAgents(present: true))
      #expect(try await host.ask(ResourceAgentsProbe()) == .current)

      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("#!/bin/sh\n"))))
      #expect(try await host.ask(ResourceAgentsProbe()) == .other)
      try await host.perform(EnsureResourceAgents(present: true))
      #expect(try await host.ask(ResourceAgentsProbe()) == .current)

      try await host.perform(EnsureResourceAgents(present: false))
      #expect(try await host.ask(ResourceAgentsProbe()) == .absent)
    },
    Contract(name: "a changed configuration makes a unit stale until it is loaded", check: staleness),
  ]

  @Sendable private static func staleness(_ host: ContractHost) async throws {
    let (file, root) = ("/etc/cluster-contract/settings", "/etc/cluster-contract-settings")
    let configuration = [file, root]
    try await host.perform(EnsureFile(unitFile))
    try await host.perform(EnsureFile(FileGoal(path: file, contents: .text("1\n"))))
    try await host.perform(EnsureTree(TreeGoal(root: root, files: ["a": .init(.text("1\n"))])))
    func goal(_ reload: UnitGoal.Reload) -> UnitGoal {
      UnitGoal(name: service, enabled: nil, active: true, configuration: configuration, reload: reload)
    }
    try await host.perform(EnsureUnit(goal(.restart)))
    #expect(try await host.unit(service, configuration).configuration == .loaded)

    for (reload, change) in [
      (UnitGoal.Reload.reload, EnsureFile(FileGoal(path: file, contents: .text("2\n"))) as any HostOperation),
      (.restart, EnsureTree(TreeGoal(root: root, files: ["a": .init(.text("2\n"))]))),
      (.restart, EnsureTree(TreeGoal(root: root, files: [:]))),
    ] {
      try await host.perform(change)
      #expect(try await host.unit(service, configuration).configuration == .stale, "after \(type(of: change).name)")
      try await host.perform(EnsureUnit(goal(reload)))
      #expect(try await host.unit(service, configuration).configuration == .loaded, "after \(reload)")
    }

    try await host.perform(EnsureUnit(UnitGoal(name: service, enabled: nil, active: false)))
    // Nobody's to start: with nothing running there is nothing to load.
    let left = UnitGoal(name: service, enabled: nil, active: nil, configuration: configuration)
    #expect(try await host.once(EnsureUnit(left)).changed == false)
    try await host.perform(EnsureTreeAbsent(root: root))
    try await host.perform(EnsureFileAbsent(path: file))
    try await host.perform(EnsureFileAbsent(path: unitFile.path))
  }

  static let network = [
    Contract(name: "the host has a name, and keeps the one that it is given") { (host) async throws in
      let before = try await host.ask(SystemProbe())

      try await host.perform(EnsureHostname("contract-name"))

      let after = try await host.ask(SystemProbe())
      #expect(after.hostname == "contract-name")
      #expect(after.machineID == before.machineID && after.bootID == before.bootID)
      try await host.perform(EnsureHostname(before.hostname))
    },
    Contract(name: "an interface that does not exist is not found") { (host) async throws in
      let link = LinkGoal(interface: "none0", address: IPv4Address(bits: 0x0a09_0001), prefix: 24, gateway: nil)

      #expect(await host.failure(of: EnsureLink(link)) == .notFound)
      #expect(try await host.links().contains { $0.name == "none0" } == false)
    },
    Contract(name: "a link gets its address, and others on it stay") { (host) async throws in
      let name = "eth0"
      _ = try #require(try await host.links().first { $0.name == name }, "the machine has \(name)")
      let file = FileGoal(
        path: "/etc/systemd/network/10-cluster-\(name).network",
        contents: .text("[Match]\nName=\(name)\n[Network]\nAddress=10.77.0.1/24\nKeepConfiguration=yes\n"))
      try await host.perform(EnsureFile(file))
      try await host.perform(EnsureUnit(UnitGoal(name: "systemd-networkd.service", enabled: true, active: true)))
      let link = LinkGoal(interface: name, address: IPv4Address(bits: 0x0a4d_0001), prefix: 24, gateway: nil)
      try await host.perform(EnsureLink(link))

      let service = IPv4Address(bits: 0x0a4d_000a)
      try await host.perform(EnsureAddress(interface: name, address: .v4(service), prefix: 24))
      #expect(try await host.once(EnsureLink(link)).changed == false)

      let addresses = try await host.links().first { $0.name == name }?.addresses ?? []
      #expect(addresses.contains("10.77.0.1/24") && addresses.contains("10.77.0.10/24"))
      try await host.perform(EnsureFileAbsent(path: file.path))
    },
    Contract(name: "a link gets its MTU and its routes, and a route that it has no more goes") { (host) async throws in
      let name = "eth0"
      let path = "/etc/systemd/network/10-cluster-\(name).network"
      var link = LinkGoal(interface: name, address: IPv4Address(bits: 0x0a4d_0001), prefix: 24, gateway: nil)
      let route = StaticRoute(
        to: try #require(IPv4Network("10.88.0.0/16")), via: IPv4Address(bits: 0x0a4d_00fe))
      link.mtu = 1400
      link.routes = [route]
      try await host.perform(EnsureUnit(UnitGoal(name: "systemd-networkd.service", enabled: true, active: true)))
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(LinkKind.contents(link)))))
      try await host.perform(EnsureLink(link))
      #expect(try await host.once(EnsureLink(link)).changed == false)
      let with = try #require(try await host.links().first { $0.name == name })
      #expect(with.mtu == 1400 && with.routes == [route], "\(with)")

      link.routes = nil
      link.formerRoutes = [route]
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(LinkKind.contents(link)))))
      try await host.perform(EnsureLink(link))
      #expect(try await host.once(EnsureLink(link)).changed == false)
      let without = try #require(try await host.links().first { $0.name == name })
      #expect(without.routes == [] && without.addresses.contains("10.77.0.1/24"), "\(without)")
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "a link gets its IPv6 address and router and loses them, and others on it stay") { host in
      let name = "eth0"
      let path = "/etc/systemd/network/10-cluster-\(name).network"
      let router = try #require(IPv6Address("fe80::77"))
      let ipv6 = LinkGoal.IPv6(
        address: try #require(IPv6Address("2001:db8:77::1")), prefix: 64, gateway: .address(router))
      var link = LinkGoal(interface: name, address: IPv4Address(bits: 0x0a4d_0001), prefix: 24, gateway: nil)
      link.ipv6 = ipv6
      try await host.perform(EnsureUnit(UnitGoal(name: "systemd-networkd.service", enabled: true, active: true)))
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(LinkKind.contents(link)))))
      try await host.perform(EnsureLink(link))
      #expect(try await host.once(EnsureLink(link)).changed == false)
      let with = try #require(try await host.links().first { $0.name == name })
      #expect(with.ipv6 == [ipv6.text] && with.gateways6 == [router], "\(with)")

      let service = EnsureAddress(interface: name, address: try #require(IPAddress("2001:db8:77::10")), prefix: 64)
      try await host.perform(service)
      #expect(try await host.once(service).changed == false)
      link.ipv6 = nil
      link.former = LinkGoal.Former(ipv6.text).map { [$0] }
      link.formerGateways6 = [router]
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(LinkKind.contents(link)))))
      try await host.perform(EnsureLink(link))
      #expect(try await host.once(EnsureLink(link)).changed == false)
      let without = try #require(try await host.links().first { $0.name == name })
      #expect(without.ipv6 == ["2001:db8:77::10/64"] && without.gateways6 == nil, "\(without)")
      #expect(without.addresses.contains("10.77.0.1/24"))
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "a link's former address goes, and others on it stay") { (host) async throws in
      let name = "eth0"
      let path = "/etc/systemd/network/10-cluster-\(name).network"
      func move(from former: String?, to address: UInt32) async throws {
        let link = LinkGoal(
          interface: name, address: IPv4Address(bits: address), prefix: 24, gateway: nil,
          former: former.flatMap { LinkGoal.Former($0) }.map { [$0] })
        let text = "[Match]\nName=\(name)\n[Network]\nAddress=\(link.address)/24\nKeepConfiguration=yes\n"
        try await host.perform(EnsureFile(FileGoal(path: path, contents: .text(text))))
        try await host.perform(EnsureLink(link))
        guard let former else { return }
        #expect(try await host.once(EnsureLink(link)).changed == false)
        let addresses = try await host.links().first { $0.name == name }?.addresses ?? []
        #expect(addresses.contains("\(link.address)/24") && addresses.contains("10.77.0.10/24"), "\(addresses)")
        #expect(!addresses.contains(former), "\(addresses)")
      }
      let unit = UnitGoal(name: "systemd-networkd.service", enabled: true, active: true)
      try await host.perform(EnsureUnit(unit))
      try await move(from: nil, to: 0x0a4d_0001)
      try await host.perform(EnsureAddress(interface: name, address: .v4(IPv4Address(bits: 0x0a4d_000a)), prefix: 24))
      try await move(from: "10.77.0.1/24", to: 0x0a4d_0002)
      // Once it was stopped, networkd takes what it finds for the work of others.
      try await host.perform(EnsureUnit(UnitGoal(name: unit.name, enabled: nil, active: false)))
      try await host.perform(EnsureUnit(unit))
      try await move(from: "10.77.0.2/24", to: 0x0a4d_0001)
      try await host.perform(EnsureFileAbsent(path: path))
    },
  ]

  static let runs = [
    Contract(name: "one run at a time, and never an older one") { (host) async throws in
      let mine = host.run
      let other = RunToken(run: "other", generation: mine.generation + 1, holder: "somebody else")
      let state = try await host.host.lease()
      #expect(state.newestGeneration == mine.generation && state.holder == mine && state.secondsLeft > 0)
      await #expect(throws: AgentError.self) { try await host.host.claim(other) }

      try await host.host.release(mine)
      #expect(try await host.host.lease().holder == nil)
      try await host.host.claim(other)
      #expect(await host.failure(of: EnsureHostname("stale")) == .staleGeneration)
      let sibling = RunToken(run: "sibling", generation: other.generation, holder: "a third")
      await #expect(throws: AgentError.self) { try await host.host.claim(sibling) }
      try await host.host.release(mine)
      #expect(try await host.host.lease().holder == other, "only its own run gives a lease back")
      try await host.host.release(other)
    },
    Contract(name: "nothing is done without the lease") { (host) async throws in
      try await host.host.release(host.run)

      #expect(await host.failure(of: EnsureHostname("without-lease")) == .leaseHeld)
      try await host.host.claim(host.run)
    },
    Contract(name: "a BMC whose password is not known is not asked") { (host) async throws in
      let bmc = BMC(
        address: IPv4Address(bits: 0x0a09_0001), protocol: .ipmi, user: "admin", password: SecretRef("bmc/none"))

      let error = await #expect(throws: AgentError.self) { try await host.ask(PowerProbe(bmc)) }

      #expect(error?.code == .notFound)
      let cycled = EnsurePowerCycled(bmc: bmc, of: .node("node001", mac: nil), token: "run-1")
      #expect(await host.failure(of: cycled) == .notFound)
      #expect(try await host.ask(PowerCycleProbe(bmc)) == .some(nil), "it was not done")
    },
    Contract(name: "an account is made with the numbers that it is to have, once") { (host) async throws in
      let user = SystemUser(name: "contract", uid: 699, gid: 698, home: "/nonexistent")
      #expect(try await host.ask(SystemUserProbe(user)) == SystemUserState())

      #expect(try await host.once(EnsureSystemUser(user)).changed)

      #expect(try await host.ask(SystemUserProbe(user)) == SystemUserState(uid: 699, gid: 698))
      #expect(try await host.once(EnsureSystemUser(user)).changed == false)
      let renumbered = SystemUser(name: "contract", uid: 697, gid: 698, home: "/nonexistent")
      #expect(await host.failure(of: EnsureSystemUser(renumbered)) == .conflict)
      let other = SystemUser(name: "contract2", uid: 699, gid: 696, home: "/nonexistent")
      #expect(try await host.ask(SystemUserProbe(other)) == SystemUserState(uidOwner: "contract"))
      #expect(await host.failure(of: EnsureSystemUser(other)) == .conflict)
    },
    Contract(name: "a folder is the state of services where something is mounted, and marked") { (host) async throws in
      let goal = StateFolderGoal(path: "/srv/contract", marker: "contract contract.example.org")
      let (unit, file) = ("srv-contract.mount", "/etc/systemd/system/srv-contract.mount")
      #expect(try await host.ask(StateFolderProbe(goal.path)).isMounted == false)
      #expect(await host.failure(of: EnsureStateFolder(goal, marks: true)) == .notFound)
      try await host.perform(
        EnsureFile(FileGoal(path: file, contents: .text("[Mount]\nWhat=tmpfs\nWhere=\(goal.path)\nType=tmpfs\n"))))
      try await host.perform(EnsureUnit(UnitGoal(name: unit, enabled: nil, active: true)))
      let empty = StateFolder(isMounted: true, marker: nil, isEmpty: true)
      #expect(try await host.ask(StateFolderProbe(goal.path)) == empty)
      #expect(await host.failure(of: EnsureStateFolder(goal, marks: false)) == .conflict)

      #expect(try await host.once(EnsureStateFolder(goal, marks: true)).changed)

      let marked = StateFolder(isMounted: true, marker: goal.marker, isEmpty: false)
      #expect(try await host.ask(StateFolderProbe(goal.path)) == marked)
      #expect(try await host.once(EnsureStateFolder(goal, marks: false)).changed == false)
      let other = StateFolderGoal(path: goal.path, marker: "another another.example.org")
      #expect(await host.failure(of: EnsureStateFolder(other, marks: true)) == .conflict)
      try await host.perform(EnsureUnit(UnitGoal(name: unit, enabled: nil, active: false)))
      try await host.perform(EnsureFileAbsent(path: file))
    },
    Contract(name: "a service says how it is, as long as it runs") { (host) async throws in
      let path = "/etc/cluster-contract-report"
      func report(_ text: String) -> EnsureFile { EnsureFile(FileGoal(path: path, contents: .text(text))) }
      #expect(try await host.ask(ServiceReportProbe(path)) == .some(nil))

      try await host.perform(report("format 1\npid 1\nstate degraded\ndetail it waits for its disk\n"))
      var state = ServiceReportState(
        ServiceReport(state: .degraded, detail: "it waits for its disk", process: 1), isCurrent: true)
      #expect(try await host.ask(ServiceReportProbe(path)) == state)

      try await host.perform(report("format 1\npid 4194305\nstate ok\ndetail well\n"))
      state = ServiceReportState(ServiceReport(state: .ok, detail: "well", process: 4_194_305), isCurrent: false)
      #expect(try await host.ask(ServiceReportProbe(path)) == state)

      try await host.perform(report("format 1\nstate fine\ndetail well\n"))
      await #expect(throws: AgentError.self) { try await host.ask(ServiceReportProbe(path)) }
      try await host.perform(EnsureFileAbsent(path: path))
    },
    Contract(name: "a copy of the replicated state is made once") { (host) async throws in
      let goal = ReplicaGoal(path: "/srv/contract", marker: "contract contract.example.org", device: nil, wipe: false)
      #expect(try await host.ask(ReplicaProbe(.standIn)) == ReplicaState(isMade: false))
      #expect(try await host.ask(ReplicaProbe(.anywhere)) == ReplicaState(isMade: false))

      #expect(try await host.once(EnsureReplica(goal, begins: true)).changed)

      // Nobody runs it before Pacemaker.
      #expect(try await host.ask(ReplicaProbe(.standIn)) == ReplicaState(isMade: true))
      #expect(try await host.ask(ReplicaProbe(.anywhere)) == ReplicaState(isMade: true))
      #expect(try await host.once(EnsureReplica(goal, begins: false)).changed == false)
    },
    Contract(name: "a machine that nobody has named is listed") { (host) async throws in
      #expect(try await host.ask(UnnamedMachinesProbe()).map(\.mac) == [])
      let line = """
        {"at":1700000000.000,"ip":"10.1.250.7","port":49152,"server":"10.1.0.1","method":"GET","uri":"/report",\
        "args":"event=discover&mac=52:54:00:99:00:07&product=P1","status":204,"bytes":0}

        """
      try await host.perform(EnsureFile(FileGoal(path: WellKnown.bootLog, contents: .text(line))))
      #expect(try await host.ask(UnnamedMachinesProbe()).map(\.mac) == [MACAddress(bits: 0x5254_0099_0007)])
      try await host.perform(EnsureFileAbsent(path: WellKnown.bootLog))
    },
    Contract(name: "a switched machine has begun a boot") { (host) async throws in
      let mac = MACAddress(bits: 0x5254_0099_0008)
      #expect(try await host.ask(NodeBootsProbe(mac)) == [])
      let line = """
        {"at":1700000000.000,"ip":"-","port":0,"server":"","method":"-","uri":"/report",\
        "args":"event=powered&mac=52:54:00:99:00:08","status":200,"bytes":0}

        """
      try await host.perform(EnsureFile(FileGoal(path: WellKnown.bootLog, contents: .text(line))))
      #expect(try await host.ask(NodeBootsProbe(mac)).map(\.stage) == [.powered])
      try await host.perform(EnsureFileAbsent(path: WellKnown.bootLog))
    },
    Contract(name: "a network is looked at from a card that is there") { (host) async throws in
      func probe(_ card: String) -> BootNetworkProbe {
        BootNetworkProbe(
          BootNetworkGoal(card: card, mac: nil, server: nil, name: nil, boots: false, addresses: []))
      }
      #expect(try await host.ask(probe("nosuch0")) == .some(nil))
      let card = try #require(try await host.ask(LinksProbe()).first { $0.up }?.name)
      let sight = try #require(try await host.ask(probe(card)))
      #expect(sight.mtu >= 576 && sight.services == [] && sight.owners == [])
    },
    Contract(name: "every probe is answered") { (host) async throws in
      let probes = [
        AnyProbe(SystemProbe()), AnyProbe(LinksProbe()), AnyProbe(CorosyncProbe()), AnyProbe(CIBProbe()),
        AnyProbe(StoredCIBProbe()), AnyProbe(CrmMonProbe()), AnyProbe(NodeReportsProbe()),
        AnyProbe(CloneProbe("head9")), AnyProbe(FencingProbe("head9")), AnyProbe(ImageProbe("none", digest: "0")),
        AnyProbe(PackagesProbe(["figlet"])), AnyProbe(FileProbe("/etc/hostname", contents: false)),
      ]

      let answers = try await host.host.answer(probes, secrets: Secrets())

      #expect(Set(answers.keys) == Set(probes))
      let known = Answers(Inventory(hosts: ["host": .answered(answers)], observedAt: 0), uninstalled: [])
      #expect(try known.answer("host", CorosyncProbe()) == .some(nil))
      #expect(try known.answer("host", CIBProbe()) == .some(nil))
      #expect(try known.answer("host", StoredCIBProbe()) == .some(nil))
      #expect(try known.answer("host", CrmMonProbe()) == .some(nil))
      #expect(try known.answer("host", CloneProbe("head9")) == .some(nil))
      #expect(try known.answer("host", FencingProbe("head9")) == .some(nil))
      #expect(try known.answer("host", ImageProbe("none", digest: "0")) == .some(nil))
    },
  ]
}
