// SPDX-License-Identifier: Apache-2.0
import SpecForms

enum AccessSection: Section {
  struct Declaration: Sendable { var user: String }

  static let noun = "`access`"
  static let doc = "How the machines are reached."

  static let ssh = Key("ssh", SSHSection.form, "Over SSH.")

  static let keys = [ssh.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(user: fields.read(ssh, &problems)?.value.user ?? "root")
  }
}

enum SSHSection: Section {
  struct Declaration: Sendable { var user: String }

  static let noun = "`ssh`"
  static let doc = "How ssh(1) logs in."

  static let user = Key("user", .account(longest: 32), "The account on every head. Default: root.")

  static let keys = [user.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(user: fields.read(user, &problems)?.value ?? "root")
  }
}
