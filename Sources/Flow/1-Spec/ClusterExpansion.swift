// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// The declarations of a file without errors as a `Cluster`: defaults filled in, groups expanded.
struct ClusterExpansion {
  let context: CheckContext

  /// The checked cluster, or nil when a required value is missing, which has been reported as an error.
  static func cluster(_ context: CheckContext) -> Cluster? {
    ClusterExpansion(context: context).expanded
  }

  private var expanded: Cluster? {
    let declaration = context.declaration
    guard let name = declaration.name?.value, let domain = declaration.domain?.value else { return nil }
    let repositories = declaration.repositories
    var cluster = Cluster(
      name: name, domain: domain,
      repositories: Repositories(
        mirror: repositories?.value.mirror?.value, security: repositories?.value.security?.value,
        proxy: repositories?.value.proxy?.value, snapshot: repositories?.value.snapshot?.value,
        asOf: repositories?.value.asOf?.value, source: repositories?.span),
      networks: declaration.networks.compactMap(network), heads: declaration.heads.compactMap(head),
      images: declaration.images.compactMap(image), nodes: nodes,
      ha: declaration.ha.flatMap { policy($0.value, nodes) },
      access: Access(user: declaration.access?.value.user?.value ?? "root"), settings: declaration.settings,
      source: declaration.span)
    cluster.repositories.extra = repositories?.value.extra.compactMap { $0.value.repository($0.span) } ?? []
    cluster.setRequests = SetRequests(declaration).all
    for group in declaration.nodes where !group.value.packages.isEmpty {
      cluster.groupRequests[group.span] = group.value.packages
    }
    return cluster
  }

  private func network(_ network: Named<NetworkSection.Declaration>) -> Network? {
    guard let value = network.value, let cidr = value.cidr?.value else { return nil }
    var result = Network(
      name: network.name.value, cidr: cidr, gateway: value.gateway?.value, dns: value.dns.map(\.value),
      serves: Set(value.serves.map(\.value)), dynamic: value.dynamic?.value, mtu: value.mtu?.value,
      routes: value.routes.compactMap(\.value.route), isTranslated: value.nat?.value ?? false,
      relay: value.relay?.value, source: network.span)
    result.ipv6 = value.ipv6.flatMap { ipv6 in
      ipv6.value.cidr.map { Network.IPv6(cidr: $0.value, gateway: ipv6.value.gateway?.value) }
    }
    return result
  }

  private func head(_ head: Named<HeadSection.Declaration>) -> Head? {
    guard let value = head.value else { return nil }
    var expanded = Head(
      name: HostID(head.name.value), nics: nics(value.nics, 0), bmc: bmc(value.bmc, 0),
      cloneOf: value.cloneOf.map { HostID($0.value) }, wipe: value.wipe?.value ?? false,
      disk: value.disk?.value, keep: value.keep?.value.map(\.value) ?? [],
      firmware: value.firmware?.value ?? .auto,
      fencing: value.fencing?.value.compactMap(\.value.method) ?? [.bmc], source: head.span)
    expanded.bmcMAC = value.bmc?.value.mac?.value.first
    return expanded
  }

  private func image(_ image: Named<ImageSection.Declaration>) -> ClientImage? {
    guard let value = image.value, let release = value.release?.value else { return nil }
    var paths: [String: SourceSpan] = [:]
    for path in (value.files.map { [$0] } ?? []) + value.run where paths[path.value] == nil {
      paths[path.value] = path.span
    }
    for secret in value.secrets { paths[secret.name.value] = secret.name.span }
    var result = ClientImage(
      name: image.name.value, release: release,
      asOf: value.asOf?.value ?? context.declaration.repositories?.value.asOf?.value,
      kernel: value.kernel?.value ?? ImageSection.defaultKernel,
      install: value.install,
      files: value.files?.value,
      permissions: value.permissions.compactMap { entry in
        entry.value.map { ClientImage.Permission(path: entry.name.value, owner: $0.owner, mode: $0.mode) }
      }, secrets: value.secrets.compactMap(Self.secret), run: value.run.map(\.value), source: image.span,
      pathSources: paths)
    result.kernelArguments = value.kernelArguments.map(\.value)
    result.keep = value.keep
    result.base = value.oci.map { .init(path: $0.value, source: $0.span) }
    return result
  }

  static func secret(_ secret: Named<ImageSecretSection.Declaration>) -> ClientImage.Secret? {
    guard let from = secret.value?.from?.value else { return nil }
    guard let permission = secret.value?.permissions?.value else {
      return ClientImage.Secret(path: secret.name.value, secret: from)
    }
    return ClientImage.Secret(path: secret.name.value, secret: from, owner: permission.owner, mode: permission.mode)
  }

  private var nodes: [ComputeNode] {
    var nodes: [ComputeNode] = []
    nodes.reserveCapacity(context.nodes.reduce(0) { $0 + $1.names.count })
    for (group, names) in zip(context.declaration.nodes, context.nodes) {
      guard let image = group.value.image?.value else { continue }
      let ofImage = context.declaration.images.first { $0.name.value == image }?.value
      let arguments = KernelArguments(
        ((ofImage?.kernelArguments ?? []) + group.value.kernelArguments).map(\.value))
      let disks = (group.value.disks ?? ofImage?.disks)?.value.compactMap(\.value.disk) ?? []
      let root = group.value.root.flatMap { $0.value.root(at: $0.span) }
      for (index, name) in names.names.enumerated() {
        var node = ComputeNode(
          name: name, image: image, boot: group.value.boot, state: group.value.state,
          nics: nics(group.value.nics, index),
          bmc: bmc(group.value.bmc, index) ?? group.value.power?.value.expanded(index).flatMap { BMC(agent: $0) },
          source: group.span)
        node.kernelArguments = arguments
        node.disks = disks
        node.root = root
        node.bmcMAC = group.value.bmc?.value.mac?.value.value(index)
        nodes.append(node)
      }
    }
    return nodes
  }

  private func nics(_ nics: [Named<NICDeclaration>], _ index: Int) -> [NIC] {
    nics.compactMap { nic in
      guard let network = nic.value?.network?.value, let address = nic.value?.address?.value.value(index) else {
        return nil
      }
      var result = NIC(
        name: nic.name.value, network: network, address: address, mac: nic.value?.mac?.value.value(index),
        mtu: nic.value?.mtu?.value, routes: nic.value?.routes.compactMap(\.value.route) ?? [],
        made: nic.value?.made(nic.name.value), source: nic.span)
      result.ipv6 = nic.value?.ipv6?.value
      return result
    }
  }

  private func bmc(_ bmc: Located<BMCDeclaration>?, _ index: Int) -> BMC? {
    guard let bmc = bmc?.value, let address = bmc.address?.value.value(index), let user = bmc.user?.value,
      let password = bmc.password?.value
    else { return nil }
    return BMC(
      address: address, protocol: bmc.protocol, user: user, password: password, cipher: bmc.cipher, port: bmc.port,
      system: bmc.system?.value(index), target: bmc.target)
  }

  private func service(_ service: Located<ServiceSection.Declaration>) -> HighAvailabilityPolicy.Service? {
    guard let name = service.value.name?.value else { return nil }
    guard service.value.isOwn else { return .init(name: name, source: service.span) }
    guard let unit = service.value.unit?.value else { return nil }
    return .init(
      name: name, own: .init(unit: unit, check: service.value.check?.value ?? nil), source: service.span)
  }

  private func witness(
    _ witness: Located<WitnessSection.Declaration>?, _ nodes: [ComputeNode]
  ) -> HighAvailabilityPolicy.Witness? {
    guard let witness, let host = witness.value.host?.value else { return nil }
    let certificate = witness.value.certificate?.value
    let node = certificate == nil ? nodes.first { $0.name.name == host } : nil
    let address = node.flatMap { node in
      (node.nics.first { context.networks[$0.network]?.serves(.boot) == true } ?? node.nics.first)?.address
    }
    return .init(
      host: address.map(\.description) ?? host, node: node?.name,
      port: witness.value.port?.value ?? WitnessSection.defaultPort, certificate: certificate, source: witness.span)
  }

  private func policy(
    _ policy: HighAvailabilitySection.Declaration, _ nodes: [ComputeNode]
  ) -> HighAvailabilityPolicy? {
    guard let links = policy.heartbeat?.value.links?.value else { return nil }
    let monitor = policy.monitor?.value
    let watching = (monitor?.sources ?? [:]).map { ("monitor.\($0.key)", $0.value) }
    var result = HighAvailabilityPolicy(
      addresses: policy.addresses.compactMap { address in
        address.value.map { .init(network: address.name.value, address: $0, source: address.span) }
      },
      services: policy.services.compactMap(service),
      monitor: .init(
        every: monitor?.every?.value ?? MonitorSection.defaultEvery,
        timeout: monitor?.timeout?.value ?? MonitorSection.defaultTimeout,
        restarts: monitor?.restarts ?? MonitorSection.defaultRestarts),
      failback: policy.failback?.way ?? .manual,
      heartbeat: .init(
        links: links.map(\.value), detect: policy.heartbeat?.value.detect?.value ?? HeartbeatSection.defaultDetect),
      fencing: policy.fencing != nil, witness: witness(policy.witness, nodes), source: policy.keySpan,
      sources: policy.sources.merging(watching) { key, _ in key })
    if let lazy = policy.failback?.lazy { result.lazy = lazy }
    result.state = policy.state.flatMap { state($0, heartbeat: links.first?.value) }
    result.spread = policy.spread.compactMap(spread)
    result.ipv6 = policy.ipv6.compactMap { address in
      address.value.map { .init(network: address.name.value, address: $0, source: address.span) }
    }
    return result
  }

  private func spread(_ group: Named<SpreadSection.Declaration>) -> HighAvailabilityPolicy.Spread? {
    guard let value = group.value, let head = value.head?.value else { return nil }
    let address = value.address.flatMap { address in
      context.network(of: address.value).map { network in
        HighAvailabilityPolicy.Address(network: network, address: address.value, source: address.span)
      }
    }
    return .init(
      name: group.name.value, head: HostID(head), address: address, services: value.services.map(\.value),
      source: group.span)
  }

  private func state(
    _ state: Located<StateSection.Declaration>, heartbeat: String?
  ) -> HighAvailabilityPolicy.State? {
    if let replica = state.value.replicated?.value {
      guard let path = replica.path?.value, let network = replica.over?.value ?? heartbeat else { return nil }
      let disks = replica.disks.compactMap { disk in disk.value.map { (HostID(disk.name.value), $0) } }
      return .init(
        path: path, mount: nil,
        replica: .init(
          network: network, backend: replica.backend?.value ?? .drbd,
          disks: Dictionary(disks) { first, _ in first }, wipe: replica.wipe?.value ?? false), source: state.span)
    }
    guard let path = state.value.shared?.value else { return nil }
    let mount = state.value.mount?.value
    return .init(
      path: path,
      mount: mount.flatMap { mount in
        guard let from = mount.from?.value, let type = mount.type?.value else { return nil }
        return .init(what: from, type: type.rawValue, options: mount.options?.value)
      }, source: state.span)
  }
}
