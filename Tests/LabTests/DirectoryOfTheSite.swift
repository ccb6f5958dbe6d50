// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// An LDAP server as a site has one, as a set of its own: Debian's slapd with a user, her groups and her key, by TLS.
enum DirectoryOfTheSite {
  private static let files = [
    "set.yaml": """
    summary: The directory of the site.
    heads:
      packages: [slapd, ldap-utils]
      files: files
      permissions: { /etc/site-directory/key.pem: "root:root 0600", /root/dora: "root:root 0600" }
      units: [site-directory.service]

    """,
    "files/etc/systemd/system/site-directory.service": """
    [Unit]
    Description=The directory of the site
    After=network.target
    [Service]
    ExecStartPre=/usr/local/sbin/site-directory
    ExecStart=/usr/sbin/slapd -d 0 -f /etc/site-directory/slapd.conf -h ldap://10.1.0.1:3389/
    [Install]
    WantedBy=multi-user.target

    """,
    "files/usr/local/sbin/site-directory": """
    #!/bin/sh
    set -eu
    mkdir -p /var/lib/site-directory
    cd /etc/site-directory
    [ -e /var/lib/site-directory/data.mdb ] || slapadd -f slapd.conf -l people.ldif

    """,
    "files/etc/site-directory/slapd.conf": """
    include /etc/ldap/schema/core.schema
    include /etc/ldap/schema/cosine.schema
    include /etc/ldap/schema/nis.schema
    attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey'
      EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
    objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey'
      SUP top AUXILIARY MAY ( sshPublicKey $ uid ) )
    modulepath /usr/lib/ldap
    moduleload back_mdb
    TLSCertificateFile /etc/site-directory/certificate.pem
    TLSCertificateKeyFile /etc/site-directory/key.pem
    # Nothing is told before TLS.
    security tls=128
    database mdb
    suffix "dc=example,dc=org"
    directory /var/lib/site-directory

    """,
  ]

  private static func people(_ key: String) -> String {
    """
    dn: dc=example,dc=org
    objectClass: dcObject
    objectClass: organization
    o: Example
    dc: example

    dn: uid=dora,dc=example,dc=org
    objectClass: account
    objectClass: posixAccount
    objectClass: ldapPublicKey
    cn: Dora Dale
    uid: dora
    uidNumber: 5001
    gidNumber: 5100
    homeDirectory: /home/dora
    loginShell: /bin/bash
    sshPublicKey: \(key)

    dn: cn=biology,dc=example,dc=org
    objectClass: posixGroup
    cn: biology
    gidNumber: 5100

    dn: cn=microscope,dc=example,dc=org
    objectClass: posixGroup
    cn: microscope
    gidNumber: 5200
    memberUid: dora

    """
  }

  /// - Parameter folder: gets `packages/directory`, and `certificate.pem`, which has signed itself.
  static func write(to folder: URL) async throws {
    let set = folder.appending(path: "packages/directory")
    func write(_ path: String, _ text: String, mode: Int = 0o644) throws {
      let file = set.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }
    for (path, text) in files { try write(path, text, mode: path.contains("sbin") ? 0o755 : 0o644) }
    func path(_ name: String) -> String { folder.appending(path: name).path }
    try await Command.checked(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
        "/CN=head1.alps.example.org", "-addext", "subjectAltName=DNS:head1.alps.example.org", "-keyout",
        path("key.pem"), "-out", path("certificate.pem"),
      ], next: "See what openssl says.")
    try await Command.checked(
      "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "dora", "-f", path("dora")], next: "See what it says.")
    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    try write("files/etc/site-directory/key.pem", try text("key.pem"))
    try write("files/etc/site-directory/certificate.pem", try text("certificate.pem"))
    try write("files/root/dora", try text("dora"))
    try write(
      "files/etc/site-directory/people.ldif",
      people(try text("dora.pub").trimmingCharacters(in: .whitespacesAndNewlines)))
  }
}
