using System.Text.Json;

namespace LongContext.Tokenization.Models;

/// <summary>Reads {"type": "BPE", "vocab": …, "merges": …} and its switches.</summary>
internal static class BpeModelReader
{
    public static BpeModel Read(JsonField field)
    {
        if (field.Optional("dropout") is { } dropout && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
            throw dropout.Unsupported("merge dropout", "null");

        Vocabulary vocabulary = Vocabulary.Read(field.Required("vocab"));
        (string? unknownToken, int unknownId) = ReadUnknown(field, vocabulary);
        var settings = new BpeSettings
        {
            UnknownToken = unknownToken,
            UnknownId = unknownId,
            FuseUnknown = field.Flag("fuse_unk"),
            IgnoreMerges = field.Flag("ignore_merges"),
            ByteIds = field.Flag("byte_fallback") ? BpeSettings.FindByteIds(vocabulary) : null,
            ContinuingPrefix = field.Optional("continuing_subword_prefix")?.Text() ?? "",
            EndSuffix = field.Optional("end_of_word_suffix")?.Text() ?? "",
        };

        var merges = new BpeMergesBuilder(vocabulary, settings);
        JsonField list = field.Required("merges");
        if (list.Value.ValueKind != JsonValueKind.Array) throw list.Fault("expected an array of merges");
        var table = new BpeMerges(list.Value.GetArrayLength());
        foreach (JsonElement merge in list.Value.EnumerateArray()) ReadMerge(list, merge, merges, table);
        return new BpeModel(vocabulary, settings, table, merges.Joinable);
    }

    private static (string? Token, int Id) ReadUnknown(JsonField field, Vocabulary vocabulary)
    {
        if (field.Optional("unk_token") is not { } unknown) return (null, -1);
        string token = unknown.Text();
        return vocabulary.TryGetId(token, out int id) ? (token, id) : throw unknown.Fault($"\"{token}\" is not in the vocabulary");
    }

    /// <summary>A merge is "left right", or ["left", "right"] since tokenizers 0.20.</summary>
    private static void ReadMerge(JsonField field, JsonElement merge, BpeMergesBuilder merges, BpeMerges table)
    {
        ReadOnlySpan<char> left = default, right = default;
        try
        {
            if (merge.ValueKind == JsonValueKind.String)
            {
                string both = merge.GetString()!;
                if (both.StartsWith("#version", StringComparison.Ordinal)) return; // the head line of a merges.txt
                int blank = both.IndexOf(' ', StringComparison.Ordinal);
                if (blank > 0 && blank == both.LastIndexOf(' '))
                {
                    left = both.AsSpan(0, blank);
                    right = both.AsSpan(blank + 1);
                }
            }
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2)
            {
                left = merge[0].GetString();
                right = merge[1].GetString();
            }
        }
        catch (InvalidOperationException)
        {
            // Not strings, or not Unicode text: reported below.
        }

        if (left.IsEmpty || right.IsEmpty)
            throw field.Fault($"merge {merges.Count} is {merge.GetRawText()}, expected two pieces as \"left right\" or [\"left\", \"right\"]");
        if (merges.TryAdd(left, right, table) is { } missing)
            throw field.Fault($"merge {merges.Count} needs the piece \"{missing}\", which the vocabulary lacks");
    }
}
