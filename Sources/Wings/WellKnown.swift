// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Places on every head that more than one feature has to know.
package enum WellKnown {
  /// The folder that nginx serves; it serves no other.
  package static let httpRoot = "/srv/cluster/http"
  /// `boot.ipxe`, `discover.ipxe`: the same for every machine. A tree of ours.
  package static let bootScripts = httpRoot + "/boot"
  /// `MAC.ipxe` for every machine of the spec. A tree of ours: whatever else is in it is removed.
  package static let machineScripts = httpRoot + "/ipxe"
  /// `MAC.ipxe` while a head is being installed. Written by `ensureClone`, so never part of a tree.
  package static let cloneScripts = httpRoot + "/clone"
  /// `XX.cfg`, for machines whose MAC addresses end with that octet, where boot is signed. A tree of ours.
  package static let signedScripts = httpRoot + "/signed"
  /// The signatures of those scripts, and the boot loaders that check them: what TFTP serves where boot is signed.
  package static let signedBoot = "/srv/cluster/signed"
  /// The head's note of what it has signed.
  package static let bootSignaturesNote = "/var/lib/cluster/boot-signatures.json"
  package static let images = "/srv/cluster/images"
  /// Images as nodes mount them over NFS, by their names, digests and the SHA-256 of their squashfs.
  package static let nfsRoots = "/srv/cluster/roots"
  /// Packages of images, by their keys.
  package static let packageLayers = "/var/cache/cluster/layers"
  /// OCI images, until the packages on them are there; and their parts, by their digests.
  package static let oci = "/var/cache/cluster/oci"
  package static let ociBlobs = "\(oci)/blobs/sha256"
  package static let captures = "/srv/cluster/captures"
  /// Reservations for dnsmasq's `dhcp-hostsdir`.
  package static let dhcpHosts = "/etc/cluster/dhcp-hosts"
  /// Names and addresses for dnsmasq's `hostsdir`.
  package static let dnsHosts = "/etc/cluster/hosts"
  package static let secrets = "/etc/cluster/secrets"
  /// A file for each node, by its address: nginx gives it to root of the machine that has the address.
  package static let nodeIdentities = "/srv/cluster/identities"
  /// The head's note of what it has written there.
  package static let nodeIdentitiesNote = "/var/lib/cluster/identities.json"
  /// The public halves of the nodes' host keys. ssh(1) reads it beside `ssh_known_hosts`, which is the site's own.
  package static let nodeHostKeys = "/etc/ssh/ssh_known_hosts2"
  /// The private half of the key with which heads log in to nodes.
  package static let nodeLoginKey = "/var/lib/cluster/node-login-key"
  /// The public half, on nodes: sshd reads it beside root's own `authorized_keys`.
  package static let nodeAuthorizedKeys = "/etc/ssh/cluster_authorized_keys/root"
  /// On a node: its SSH host key.
  package static let nodeHostKey = "/etc/ssh/ssh_host_ed25519_key"
  /// On a node: the list of what came with its identity, and which units take it up. The last file of the archive.
  package static let nodeIdentityList = "/var/lib/cluster/identity"
  /// On a node: the checks that it runs by itself when it has come up.
  package static let nodeReadyList = "/var/lib/cluster/ready"
  /// On a node: their scripts, as SET/NAME.
  package static let nodeReadyScripts = "/usr/lib/cluster/ready"
  /// On a node: fetches its identity, puts in place what has changed, and has it taken up.
  package static let nodeIdentityProgram = "/usr/lib/cluster/identity"
  /// A head's note of the last program that it ran on nodes.
  package static let nodeCommandNote = "/var/lib/cluster/node-command.json"
  /// One JSON object a line for every boot request and every report of a node.
  package static let bootLog = "/var/log/cluster/boot.log"

  /// Where a secret's file is on a head.
  package static func secretPath(_ secret: SecretRef) -> String { secrets + "/" + secret.name }

  // Resources that other features name in `after`.

  /// The file that says where packages come from; before all packages. Not in every cluster.
  package static func packageProxy(on head: HostID) -> ResourceID {
    FileKind.id(on: head, "/etc/apt/apt.conf.d/00cluster-proxy")
  }
  package static func packageSources(on head: HostID) -> ResourceID {
    FileKind.id(on: head, "/etc/apt/sources.list")
  }
  /// Further repositories: `repositories: extra:`.
  package static func extraSources(on head: HostID) -> ResourceID {
    FileKind.id(on: head, "/etc/apt/sources.list.d/cluster.sources")
  }
  /// All that must come before a head's first package.
  package static func repositories(on head: HostID) -> [ResourceID] {
    [packageProxy(on: head), packageSources(on: head), extraSources(on: head)]
  }
  /// The packages that every head has.
  package static func basePackages(on head: HostID) -> ResourceID { PackagesKind.id(on: head, "base") }
  /// dnsmasq, nginx and iPXE.
  package static func bootPackages(on head: HostID) -> ResourceID { PackagesKind.id(on: head, "boot") }
  /// The scripts that send every machine to its image.
  package static func machineScripts(on head: HostID) -> ResourceID { TreeKind.id(on: head, machineScripts) }
  package static func unit(_ name: String, on head: HostID) -> ResourceID { UnitKind.id(on: head, name) }
  /// An image on every head, by its name in the spec.
  package static func image(_ name: String) -> ResourceID { ImageKind.id(name) }
}
