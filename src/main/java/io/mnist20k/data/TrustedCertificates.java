package io.mnist20k.data;

import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Whom the machine trusts, for a Java that was packed without certificates of its own.
final class TrustedCertificates {
    /// Debian, Arch and Alpine; Red Hat; SUSE.
    private static final List<Path> BUNDLES = List.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/ssl/ca-bundle.pem"));

    private TrustedCertificates() {}

    /// The Java's own certificates where it has any, else the file that `SSL_CERT_FILE` names, else the
    /// machine's. Where there are none no connection is trusted.
    ///
    /// @throws UserError where the machine's file cannot be read
    static SSLContext context() {
        try {
            Optional<Path> bundle = bundle();
            return bundle.isPresent() ? trusting(bundle.get()) : SSLContext.getDefault();
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has TLS", e);
        }
    }

    private static Optional<Path> bundle() {
        if (System.getProperty("javax.net.ssl.trustStore") != null
                || Files.exists(Path.of(System.getProperty("java.home"), "lib", "security", "cacerts"))) {
            return Optional.empty();
        }
        return Optional.ofNullable(System.getenv("SSL_CERT_FILE"))
                .map(Path::of)
                .or(() -> BUNDLES.stream().filter(Files::exists).findFirst());
    }

    /// @param bundle certificates in PEM, one after the other
    static SSLContext trusting(Path bundle) throws GeneralSecurityException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(bundle))) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry(Integer.toString(trusted.size()), certificate);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException e) {
            throw unreadable(bundle, Reason.of(e), e);
        } catch (CertificateException e) {
            throw unreadable(bundle, String.valueOf(e.getMessage()), e);
        }
    }

    private static UserError unreadable(Path bundle, String reason, Exception cause) {
        return new UserError(
                "cannot read the trusted certificates in " + bundle + ": " + reason
                        + "; set the environment variable SSL_CERT_FILE to a file of PEM certificates",
                cause);
    }
}
