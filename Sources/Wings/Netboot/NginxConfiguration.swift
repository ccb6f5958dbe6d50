// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// nginx's whole configuration: static files and an address to report to, for the machines of the networks that boot.
struct NginxConfiguration {
  let networks: [IPv4Network]
  let servers: [IPv4Address]
  let scale: BootScale
  /// Heads that are installed over the network: nobody else has business with captures.
  let clones: [IPv4Address]
  let isSigned: Bool

  /// A file holds the scripts of many machines, and each asks for it by its own address: so the log names the machine.
  private var signed: String {
    guard isSigned else { return "" }
    return """

          location ~ "^/signed/(?:[0-9a-f][0-9a-f]:)+([0-9a-f][0-9a-f])[.]cfg$" {
            alias \(WellKnown.signedScripts)/$1.cfg;
          }
          location ~ "^/signed/(?:[0-9a-f][0-9a-f]:)+([0-9a-f][0-9a-f])[.]cfg[.]sig$" {
            alias \(WellKnown.signedBoot)/$1.cfg.sig;
          }
      """
  }

  /// Every request that was answered is logged as one JSON object: the log is the record of who booted what. What was
  /// refused, and what strangers add to a request, is not: they would fill the disk with it.
  ///
  /// Each address may ask for small things 4 times a second and 40 times at once: a machine that boots asks for five,
  /// and one whose head is away asks every 5 s. Images are not counted.
  var text: String {
    """
    # Written by cluster; changes made here are undone.
    user www-data;
    worker_processes auto;
    worker_rlimit_nofile \(scale.files);
    pid /run/nginx.pid;
    error_log /var/log/nginx/error.log;

    events { worker_connections \(scale.connections); }

    http {
      sendfile on;
      tcp_nopush on;
      server_tokens off;
      default_type application/octet-stream;
      client_header_timeout 10s;
      client_header_buffer_size 1k;
      large_client_header_buffers 2 2k;
      keepalive_timeout 15s;
      send_timeout 60s;
      reset_timedout_connection on;
      log_not_found off;
      limit_req_zone $binary_remote_addr zone=asked:10m rate=4r/s;
      limit_req_zone $binary_remote_addr zone=files:10m rate=40r/s;
      limit_req_status 429;
      limit_req_log_level info;
      limit_conn_zone $binary_remote_addr zone=open:10m;
      limit_conn_status 429;
      limit_conn_log_level info;
      map $status $answered { default 0; ~^2 1; }
      map $uri $said { default ""; /report $args; }
      map $remote_port $stranger { default 1; ~^[1-9][0-9]?[0-9]?$ 0; ~^10([01][0-9]|2[0-3])$ 0; }
      log_format cluster_boot escape=json '{"at":$msec,"ip":"$remote_addr","port":$remote_port,'
        '"server":"$server_addr","method":"$request_method","uri":"$uri","args":"$said","status":$status,'
        '"bytes":$bytes_sent}';

      server {
    \(servers.map { "    listen \($0):80 default_server backlog=4096;" }.joined(separator: "\n"))
        access_log \(WellKnown.bootLog) cluster_boot if=$answered;
    \(networks.map { "    allow \($0);" }.joined(separator: "\n"))
        deny all;
        root \(WellKnown.bootScripts);
        limit_req zone=asked burst=40 nodelay;
        limit_conn open 32;

        location /ipxe/ { root \(WellKnown.httpRoot); }
        location /clone/ { root \(WellKnown.httpRoot); }\(signed)
        location /images/ { limit_req zone=files burst=400 nodelay; alias \(WellKnown.images)/; }
        location /captures/ {
          limit_req zone=files burst=400 nodelay;
          alias \(WellKnown.captures)/;
          \(clones.map { "allow \($0); " }.joined())deny all;
        }
        # A node's identity: for the machine that has its address, and there for root, who alone may use such a port.
        location = /identity {
          if ($stranger) { return 403; }
          root \(WellKnown.nodeIdentities);
          default_type application/x-tar;
          add_header Cache-Control no-store;
          try_files /$remote_addr =403;
        }
        # UEFI's own HTTP boot.
        location = /ipxe.efi { alias /usr/lib/ipxe/ipxe.efi; }
        # try_files and not return, which would come before allow and deny.
        location = /report { try_files /none =204; }
      }
    }

    """
  }
}
