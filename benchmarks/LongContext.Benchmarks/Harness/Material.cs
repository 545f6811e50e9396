using System.Text;
using System.Text.RegularExpressions;

namespace LongContext.Benchmarks.Harness;

/// <summary>Real text and tokenizers where they are on the machine, else generated ones.</summary>
internal static partial class Material
{
    /// <summary>The folder named by LONGCONTEXT_SHARED, else ../shared beside the repository; null where there is none.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>English prose of some length on one line: the King James Bible where it is there, else generated words.</summary>
    public static string Prose(int characters)
    {
        string text = Find("data", "kjv.txt") is { } file ? File.ReadAllText(file) : Generated(characters);
        return Blanks().Replace(text, " ")[..characters];
    }

    /// <summary>A path below <see cref="Shared"/>, or null where it is absent.</summary>
    public static string? Find(params string[] parts) =>
        Shared is { } folder && Path.Combine([folder, .. parts]) is { } path && Path.Exists(path) ? path : null;

    /// <summary>Words of syllables, the short ones more frequent, as in a language.</summary>
    private static string Generated(int characters)
    {
        string[] syllables = ["an", "be", "co", "da", "el", "fi", "go", "hi", "in", "ka", "lo", "mu", "ne", "or", "pa", "re", "su", "ti", "un", "ve"];
        var random = new Random(1);
        var text = new StringBuilder(characters + 16);
        while (text.Length < characters)
        {
            int count = 1 + (int)(3 * random.NextDouble() * random.NextDouble());
            for (int i = 0; i < count; i++) text.Append(syllables[(int)(syllables.Length * random.NextDouble() * random.NextDouble())]);
            text.Append(random.Next(12) == 0 ? ". " : " ");
        }

        return text.ToString();
    }

    private static string? FindShared()
    {
        if (Environment.GetEnvironmentVariable("LONGCONTEXT_SHARED") is { Length: > 0 } named) return named;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LongContext.sln"))) return Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared"));
        }

        return null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
