// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// nginx's whole configuration: static files and one address to report to, for the machines of one network.
struct NginxConfiguration {
  let network: Network
  let server: IPv4Address

  /// Every request is logged as one JSON object: the log is the record of who booted what.
  var text: String {
    """
    # Written by cluster; changes made here are undone.
    user www-data;
    worker_processes auto;
    pid /run/nginx.pid;
    error_log /var/log/nginx/error.log;

    events { worker_connections 4096; }

    http {
      sendfile on;
      tcp_nopush on;
      server_tokens off;
      default_type application/octet-stream;
      log_format cluster_boot escape=json '{"at":$msec,"ip":"$remote_addr","server":"$server_addr",'
        '"method":"$request_method","uri":"$uri","args":"$args","status":$status,"bytes":$bytes_sent}';

      server {
        listen \(server):80 default_server;
        access_log \(WellKnown.bootLog) cluster_boot;
        allow \(network.cidr);
        deny all;
        root \(WellKnown.bootScripts);

        location /ipxe/ { root \(WellKnown.httpRoot); }
        location /clone/ { root \(WellKnown.httpRoot); }
        location /images/ { alias \(WellKnown.images)/; }
        location /captures/ { alias \(WellKnown.captures)/; }
        # try_files and not return, which would come before allow and deny.
        location = /report { try_files /none =204; }
      }
    }

    """
  }

  /// See logrotate(8). USR1 makes nginx open its logs anew (nginx.org/en/docs/control.html).
  static let rotation = """
    # Written by cluster; changes made here are undone.
    \(WellKnown.bootLog) {
      size 64M
      rotate 4
      compress
      missingok
      notifempty
      postrotate
        [ ! -f /run/nginx.pid ] || kill -USR1 "$(cat /run/nginx.pid)"
      endscript
    }

    """
}
