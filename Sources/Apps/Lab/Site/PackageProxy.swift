// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A caching forward proxy for packages: the only way out of a lab.
///
/// nginx runs in this machine's own network namespace and listens on a unix socket, whose path crosses namespaces; a
/// relay in the lab's namespace leads to it from port 3142. Several labs keep one cache folder: each nginx finds what
/// it has written itself, and replaces files atomically.
struct PackageProxy {
  static let port = 3142

  var site: LabSite
  private var folder: String { "\(site.stateDirectory)/proxy" }
  private var socket: String { "\(folder)/proxy.sock" }

  init(_ site: LabSite) { self.site = site }

  /// The address for programs in the lab's own namespace.
  static let localURL = "http://127.0.0.1:\(port)"

  func start() async throws(AgentError) {
    for name in ["temp", "logs"] { try LabFiles.makeDirectory("\(folder)/\(name)") }
    try LabFiles.makeDirectory("\(site.cacheDirectory)/packages")
    try LabFiles.write(configuration, to: "\(folder)/nginx.conf")
    let server = LabDaemon(site: site, name: "proxy")
    if !server.isAlive {
      try LabFiles.remove(socket)
      try server.start(["nginx", "-e", "\(folder)/logs/error.log", "-p", folder, "-c", "\(folder)/nginx.conf"])
    }
    try await Poll.until(.seconds(10), "the package proxy listens; see \(server.log)") { () throws(AgentError) in
      guard server.isAlive else { throw server.ended("The package proxy") }
      return LabFiles.exists(socket)
    }
    let relay = LabDaemon(site: site, name: "proxy-relay")
    if !relay.isAlive {
      try relay.start(
        site.inside([
          "socat", "TCP-LISTEN:\(Self.port),fork,reuseaddr,backlog=128", "UNIX-CONNECT:\(socket)",
        ]))
    }
  }

  private var downFile: String { "\(folder)/mirror-is-down" }
  private var mirrorIsDown: Bool { LabFiles.exists(downFile) }

  /// A fault: what is not in the cache cannot be had.
  func setMirror(up: Bool) async throws(AgentError) {
    if up {
      try LabFiles.remove(downFile)
    } else {
      try LabFiles.write("", to: downFile)
    }
    try await LabDaemon(site: site, name: "proxy").stop()
    try await start()
  }

  private var configuration: String {
    let common = """
            proxy_pass \(mirrorIsDown ? "http://127.0.0.1:1" : "http://$http_host$request_uri");
            proxy_set_header Host $http_host;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache packages;
            proxy_cache_key $http_host$request_uri;
            proxy_cache_lock on;
            proxy_cache_use_stale error timeout invalid_header http_500 http_502 http_503 http_504 http_429;
      """
    return """
      # Written by `cluster lab up`.
      user root;
      worker_processes 1;
      daemon off;
      pid \(folder)/nginx.pid;
      error_log \(folder)/logs/error.log warn;
      events { worker_connections 512; }
      http {
        access_log \(folder)/logs/access.log;
        client_body_temp_path \(folder)/temp/body;
        proxy_temp_path \(folder)/temp/proxy;
        fastcgi_temp_path \(folder)/temp/fastcgi;
        uwsgi_temp_path \(folder)/temp/uwsgi;
        scgi_temp_path \(folder)/temp/scgi;
        proxy_cache_path \(site.cacheDirectory)/packages levels=1:2 keys_zone=packages:10m inactive=30d max_size=8g;
        proxy_max_temp_file_size 0;
        resolver_timeout 10s;
        proxy_connect_timeout 10s;
        resolver \(Self.resolvers.joined(separator: " ")) ipv6=off;
        server {
          listen unix:\(socket);
          # What a mirror replaces in place is asked for every time; the last answer serves while the mirror is down.
          location ~ /(InRelease|Release|Release\\.gpg)$ {
      \(common)
            proxy_cache_valid 200 1s;
            proxy_cache_revalidate on;
          }
          location / {
      \(common)
            proxy_cache_valid 200 30d;
          }
        }
      }

      """
  }

  /// Nameservers of resolv.conf(5), in the form that nginx takes.
  private static var resolvers: [String] {
    let lines = (LabFiles.text("/etc/resolv.conf") ?? "").split(separator: "\n")
    let servers = lines.compactMap { line -> String? in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count > 1, words[0] == "nameserver" else { return nil }
      return words[1].contains(":") ? "[\(words[1].prefix { $0 != "%" })]" : String(words[1])
    }
    return servers.isEmpty ? ["127.0.0.53"] : servers
  }
}
