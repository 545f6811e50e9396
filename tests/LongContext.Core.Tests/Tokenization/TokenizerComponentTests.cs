using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>
/// Every part of tokenizer.json alone and with others, over small made-up vocabularies: ids and text as Hugging Face's tokenizers
/// 0.23.2 give them (tests/Interop/tokenizers/make-components.js).
/// </summary>
[Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed class TokenizerComponentTests
{
    public static IEnumerable<TheoryDataRow<string>> Files => TestPaths.FixtureFiles("components*.json", "tokenizers");

    [Theory]
    [MemberData(nameof(Files))]
    public void EncodeAndDecode_EachTokenizer_EqualsHuggingFaces(string file)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(Path.Combine(TestPaths.Fixtures, "tokenizers", file)))!;
        var wrong = new List<string>();
        int count = 0;
        foreach (JsonNode? entry in root["tokenizers"]!.AsArray())
        {
            JsonNode tokenizerJson = entry!["parts"]!.DeepClone();
            tokenizerJson["model"] = root["models"]![(string)entry["model"]!]!.DeepClone();
            HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(tokenizerJson);
            foreach (JsonNode? item in entry["cases"]!.AsArray())
            {
                count++;
                if (Differences(tokenizer, item!) is { Length: > 0 } what)
                    wrong.Add($"{what} of {item!["text"]!.ToJsonString()} with {entry["model"]} {entry["parts"]!.ToJsonString()}");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} differ:\n{string.Join('\n', wrong.Take(10))}");
        Assert.NotEqual(0, count);
    }

    private static string Differences(HuggingFaceTokenizer tokenizer, JsonNode item)
    {
        string text = (string)item["text"]!;
        int[] ids = item["ids"].Deserialize<int[]>()!;
        List<string> what = [];
        if (!tokenizer.Encode(text, addSpecialTokens: false).SequenceEqual(ids)) what.Add("ids");
        if (!tokenizer.EncodeToTokens(text, out string? normalized).Select(token => token.Id).SequenceEqual(ids)) what.Add("tokens");
        if (!tokenizer.Encode(text).SequenceEqual(item["ids_with_special"].Deserialize<int[]>()!)) what.Add("ids_with_special");
        if (tokenizer.Decode(ids) != (string)item["decoded"]!) what.Add("decoded");
        if (tokenizer.Decode(ids, skipSpecialTokens: true) != (string)item["decoded_without_special"]!) what.Add("decoded_without_special");

        // Where each token lies: within the text, one after the other.
        int length = (normalized ?? text).Length;
        if (tokenizer.EncodeToTokens(text, out _).Any(token => token.Offset.Start.Value > token.Offset.End.Value || token.Offset.End.Value > length)) what.Add("offsets");
        return string.Join(", ", what);
    }
}
