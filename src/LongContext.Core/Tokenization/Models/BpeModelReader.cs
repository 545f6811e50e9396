using System.Text.Json;

namespace LongContext.Tokenization.Models;

/// <summary>Reads {"type": "BPE", "vocab": …, "merges": …} and its switches.</summary>
internal static class BpeModelReader
{
    public static BpeModel Read(JsonField field)
    {
        RefuseAffix(field, "continuing_subword_prefix");
        RefuseAffix(field, "end_of_word_suffix");
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
            ByteIds = field.Flag("byte_fallback") ? ByteIds(field, vocabulary) : null,
        };

        var joinable = new JoinableCharacters();
        BpeMerges merges = ReadMerges(field.Required("merges"), vocabulary, settings, joinable);
        return new BpeModel(vocabulary, settings, merges, joinable);
    }

    private static void RefuseAffix(JsonField field, string name)
    {
        if (field.Optional(name) is { } affix && affix.Text().Length > 0) throw affix.Unsupported($"\"{affix.Text()}\"", "null or an empty string");
    }

    private static (string? Token, int Id) ReadUnknown(JsonField field, Vocabulary vocabulary)
    {
        if (field.Optional("unk_token") is not { } unknown) return (null, -1);
        string token = unknown.Text();
        return vocabulary.TryGetId(token, out int id) ? (token, id) : throw unknown.Fault($"\"{token}\" is not in the vocabulary");
    }

    private static int[] ByteIds(JsonField field, Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (int value = 0; value < 256; value++)
        {
            string piece = $"<0x{value:X2}>";
            if (!vocabulary.TryGetId(piece, out ids[value]))
                throw field.Fault($"byte_fallback is true, but the vocabulary has no piece \"{piece}\"");
        }

        return ids;
    }

    private static BpeMerges ReadMerges(JsonField field, Vocabulary vocabulary, BpeSettings settings, JoinableCharacters joinable)
    {
        if (field.Value.ValueKind != JsonValueKind.Array) throw field.Fault("expected an array of merges");
        var merges = new BpeMerges(field.Value.GetArrayLength());
        var notCharacters = new HashSet<int>(settings.ByteIds ?? []);
        if (settings.UnknownId >= 0) notCharacters.Add(settings.UnknownId);

        int rank = 0;
        foreach (JsonElement merge in field.Value.EnumerateArray())
        {
            (string left, string right) = Pair(field, merge, rank);
            int leftId = Id(left), rightId = Id(right), mergedId = Id(left + right);
            merges.Set(leftId, rightId, rank, mergedId);
            joinable.Add(left, right);
            if (notCharacters.Contains(leftId) || notCharacters.Contains(rightId)) joinable.AddAll();
            rank++;
        }

        return merges;

        int Id(string piece) =>
            vocabulary.TryGetId(piece, out int id)
                ? id
                : throw field.Fault($"merge {rank} needs the piece \"{piece}\", which the vocabulary lacks");
    }

    /// <summary>A merge is "left right", or ["left", "right"] since tokenizers 0.20.</summary>
    private static (string Left, string Right) Pair(JsonField field, JsonElement merge, int rank)
    {
        string[]? parts = null;
        try
        {
            if (merge.ValueKind == JsonValueKind.String) parts = merge.GetString()!.Split(' ');
            else if (merge.ValueKind == JsonValueKind.Array) parts = [.. merge.EnumerateArray().Select(part => part.GetString()!)];
        }
        catch (InvalidOperationException)
        {
            // Not strings, or not Unicode text: reported below.
        }

        return parts is [{ Length: > 0 } left, { Length: > 0 } right]
            ? (left, right)
            : throw field.Fault($"merge {rank} is {merge.GetRawText()}, expected two pieces as \"left right\" or [\"left\", \"right\"]");
    }
}
