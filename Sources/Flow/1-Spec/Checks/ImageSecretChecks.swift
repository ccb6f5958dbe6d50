// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Secrets of images: each at a path of its own, readable by few, and with a boot network to fetch it from.
enum ImageSecretChecks {
  /// Nodes get these of us.
  private static let hostKeys: Set = ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub"]

  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for image in context.declaration.images {
      guard let value = image.value else { continue }
      let permissions = Dictionary(value.permissions.map { ($0.name.value, $0.name.span) }) { first, _ in first }
      for secret in value.secrets { check(secret, permissions, &problems) }
    }
    for group in context.heads + context.nodes {
      if let password = group.bmc?.value.password { check(password: password, &problems) }
    }
  }

  static func check(
    _ secret: Named<ImageSecretSection.Declaration>, _ permissions: [String: SourceSpan], _ problems: inout Problems
  ) {
    let path = secret.name
    if hostKeys.contains(path.value) {
      problems.error(
        .secretPath, "`\(shown(path.value))` is the node's own host key.",
        help: "Each node gets one that it keeps, and that no other node has. Remove this entry.", at: path.span)
    }
    if let taken = permissions[path.value] {
      problems.error(
        .secretPath, "The image has no `\(shown(path.value))` that could be given an owner and a mode.",
        help: "Write them here: `{ from: secret:NAME, permissions: \"root:root 0600\" }`.", at: path.span,
        notes: [.init(text: "they are given to the image's own file here", span: taken)])
    }
    if let permission = secret.value?.permissions, permission.value.mode & 0o007 != 0 {
      problems.error(
        .secretReadable, "Every user of a node could read `\(shown(path.value))`.",
        help: "Give it a group, and others nothing: `munge:munge 0400`, `root:slurm 0640`.", at: permission.span)
    }
  }

  /// Nobody would tell the BMC.
  private static func check(password: Located<SecretRef>, _ problems: inout Problems) {
    guard password.value.isGenerated else { return }
    problems.error(
      .noEffect, "`\(password.value)` would be made from random bytes, and the BMC does not know it.",
      help: "Name a secret that holds the BMC's password, such as `secret:bmc/head1`.", at: password.span)
  }
}
