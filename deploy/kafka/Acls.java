// Applies acls.txt: java -cp 'KAFKA/libs/*' Acls.java HOST:PORT acls.txt PREFIX [client.properties]
import java.io.FileReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

class Acls {
    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        if (args.length > 3) {
            try (var file = new FileReader(args[3])) {
                config.load(file);
            }
        }
        config.put("bootstrap.servers", args[0]);
        List<AclBinding> bindings = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(args[1]))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                bindings.addAll(bindings(line.trim().replace("{prefix}", args[2]).split("\\s+")));
            }
        }
        try (Admin admin = Admin.create(config)) {
            admin.createAcls(bindings).all().get();
        }
        System.out.println(bindings.size() + " rules applied");
    }

    private static List<AclBinding> bindings(String[] words) {
        ResourcePattern resource = new ResourcePattern(
                ResourceType.fromString(words[1]), words[3], PatternType.fromString(words[2].toUpperCase()));
        List<AclBinding> bindings = new ArrayList<>();
        for (String operation : words[4].split(",")) {
            bindings.add(new AclBinding(resource, new AccessControlEntry(
                    "User:" + words[0], "*", AclOperation.fromString(operation.toUpperCase()), AclPermissionType.ALLOW)));
        }
        return bindings;
    }
}
