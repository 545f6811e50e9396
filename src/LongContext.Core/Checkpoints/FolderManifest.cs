using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LongContext.Checkpoints;

/// <summary>
/// <c>manifest.json</c>: the name, size and checksum (XXH3, 128 bits) of every file of a folder, written last, so that what is torn or
/// damaged is recognised. It guards against accidents, not against an enemy.
/// </summary>
internal static class FolderManifest
{
    public const string FileName = "manifest.json";
    private const int FormatVersion = 1;
    private const long MaximumBytes = 16 << 20;

    /// <summary>Lists the files that are in the folder now, those of its sub-folders included.</summary>
    public static void Write(string folder)
    {
        ManifestFile[] files =
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
                .Where(name => name != FileName)
                .Order(StringComparer.Ordinal)
                .Select(name => new ManifestFile(name, new FileInfo(Path.Combine(folder, name)).Length, Checksum(Path.Combine(folder, name)))),
        ];
        AtomicFile.WriteAllText(Path.Combine(folder, FileName), Text(new Manifest(FormatVersion, files)));
    }

    /// <summary>Compares the folder with its manifest. Files that the manifest does not name are nobody's concern.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="checksums">Read every file through; else only existence and sizes are looked at.</param>
    /// <returns>The first fault, in words that name the file; null when all is as it was written.</returns>
    /// <exception cref="IOException">A file is there but cannot be read.</exception>
    public static string? FindFault(string folder, bool checksums)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return $"{path} is missing";
        if (Read(path) is not { } manifest) return $"{path} is not as it was written";
        foreach (ManifestFile file in manifest.Files)
        {
            FileInfo found = new(Path.Combine(folder, file.Name));
            if (!found.Exists) return $"{found.FullName} is missing";
            if (found.Length != file.Bytes) return $"{found.FullName} has {found.Length} bytes, expected {file.Bytes}";
        }

        if (!checksums) return null;
        foreach (ManifestFile file in manifest.Files)
        {
            string name = Path.Combine(folder, file.Name), sum = Checksum(name);
            if (sum != file.Xxh3) return $"{name} has checksum {sum}, expected {file.Xxh3}";
        }

        return null;
    }

    /// <summary>Null unless it is byte for byte what <see cref="Write"/> gives, so that no damage to the manifest itself goes unseen.</summary>
    private static Manifest? Read(string path)
    {
        if (new FileInfo(path).Length > MaximumBytes) return null;
        string text = File.ReadAllText(path);
        try
        {
            Manifest? manifest = JsonSerializer.Deserialize(text, ManifestContext.Default.Manifest);
            return manifest is { FormatVersion: FormatVersion, Files: not null } && Array.TrueForAll(manifest.Files, IsInside) && Text(manifest) == text ? manifest : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsInside(ManifestFile file) =>
        file is { Name.Length: > 0, Bytes: >= 0 } && !Path.IsPathRooted(file.Name) && !file.Name.Split('/', '\\').Contains("..");

    private static string Text(Manifest manifest) => JsonSerializer.Serialize(manifest, ManifestContext.Default.Manifest) + "\n";

    private static string Checksum(string path)
    {
        XxHash128 hash = new();
        // Read in large parts without a buffer between: the hash is faster than any disk.
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}

/// <summary>What is in <c>manifest.json</c>.</summary>
internal sealed record Manifest(int FormatVersion, ManifestFile[] Files);

/// <summary>One file: its name below the folder with forward slashes, its size, its XXH3 of 128 bits in lower-case hex.</summary>
internal sealed record ManifestFile(string Name, long Bytes, string Xxh3);

/// <summary>Source-generated reading and writing, no reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, NewLine = "\n", RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestContext : JsonSerializerContext;
