using System.IO.Compression;
using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Finds broken texts, whatever their language: by replacement and control characters, by how well they compress, by one line over and over.</summary>
public sealed class CharacterFilter : IExampleFilter
{
    /// <summary>Shorter texts say nothing by their compressed size.</summary>
    private const int CompressedFrom = 1000;

    private readonly CharacterFilterOptions options;

    /// <summary>Makes a filter.</summary>
    /// <param name="options">The bounds; null for the defaults.</param>
    /// <exception cref="ArgumentException">A bound cannot be used; the message names all that cannot.</exception>
    public CharacterFilter(CharacterFilterOptions? options = null)
    {
        this.options = options ??= new CharacterFilterOptions();
        options.Validate();
    }

    /// <inheritdoc/>
    public string Identity => FilterRules.Identity(
        "characters",
        ("replacement", options.ReplacementCharacters),
        ("control", options.ControlCharacters),
        ("compressed from", options.MinimumCompressedShare),
        ("to", options.MaximumCompressedShare),
        ("repeated line", options.RepeatedLine));

    /// <inheritdoc/>
    public FilterFault? Examine(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        string text = ExampleTexts.Of(example);
        int replacement = 0, control = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (c == '\uFFFD' || char.IsSurrogate(c)) replacement++;
            else if (char.IsControl(c) && c is not ('\t' or '\n' or '\f' or '\r')) control++;
        }

        FilterFault? fault = FilterRules.AtMost("replacement characters", FilterRules.Share(replacement, text.Length), options.ReplacementCharacters)
            ?? FilterRules.AtMost("control characters", FilterRules.Share(control, text.Length), options.ControlCharacters)
            ?? FilterRules.AtMost("repeated line", LongestRun(TextLines.NotBlank(text)), options.RepeatedLine);
        if (fault is not null || (options.MinimumCompressedShare ?? options.MaximumCompressedShare) is null) return fault;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length < CompressedFrom) return null;
        double share = CompressedShare(bytes);
        return FilterRules.AtLeast("compressed share", share, options.MinimumCompressedShare) ?? FilterRules.AtMost("compressed share", share, options.MaximumCompressedShare);
    }

    private static int LongestRun(string[] lines)
    {
        int longest = 0, run = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            run = i > 0 && lines[i] == lines[i - 1] ? run + 1 : 1;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    private static double CompressedShare(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (DeflateStream deflate = new(compressed, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(bytes);
        return (double)compressed.Length / bytes.Length;
    }
}
