using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.Patterns;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Core.Tests.Tokenization.Patterns;

/// <summary>
/// What each code point is and becomes, all 1,112,064 of them, against digests of what Hugging Face's tokenizers 0.23.2 say
/// (tests/Interop/tokenizers/make-components.js). A new Unicode version in the runtime shows here.
/// </summary>
[Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed class UnicodeTests
{
    public static IEnumerable<TheoryDataRow<string, string>> Entries(string group)
    {
        string path = Path.Combine(TestPaths.Fixtures, "tokenizers", "unicode.json");
        if (!File.Exists(path))
        {
            yield return new TheoryDataRow<string, string>("none", "") { Skip = $"no {path}" };
            yield break;
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        foreach (JsonProperty entry in document.RootElement.GetProperty(group).EnumerateObject())
            yield return new TheoryDataRow<string, string>(entry.Name, entry.Value.GetString()!);
    }

    [Theory]
    [MemberData(nameof(Entries), "normalizers")]
    public void Normalize_EachCodePoint_EqualsHuggingFaces(string type, string digest)
    {
        TextNormalizer normalizer = TextNormalizer.Read(Field($$"""{"type": "{{type}}"}"""));
        Assert.Equal(digest, Digest(normalizer.Normalize));
    }

    [Theory]
    [MemberData(nameof(Entries), "inContext")]
    public void Normalize_EachCodePointAmongMarks_EqualsHuggingFaces(string type, string digest)
    {
        TextNormalizer normalizer = TextNormalizer.Read(Field($$"""{"type": "{{type}}"}"""));
        Assert.Equal(digest, Digest(c => normalizer.Normalize($"{c}\u0327\u0301{c}a\u0345{c}\u0323")));
    }

    [Theory]
    [MemberData(nameof(Entries), "properties")]
    public void Property_EachCodePoint_EqualsOnigurumas(string name, string digest)
    {
        CodePointSet set = UnicodeSets.Property(name)!;
        Assert.Equal(digest, Digest(c => set.Contains(char.ConvertToUtf32(c, 0)) ? "1" : "0"));
    }

    [Theory]
    [MemberData(nameof(Entries), "sets")]
    public void Class_EachCodePoint_EqualsOnigurumas(string pattern, string digest)
    {
        RegexPattern regex = RegexPattern.Compile(pattern);
        Assert.Equal(digest, Digest(c => regex.TryFind(c, 0, out _, out _) ? "1" : "0"));
    }

    [Theory]
    [MemberData(nameof(Entries), "cutters")]
    public void Cut_EachCodePoint_EqualsHuggingFaces(string type, string digest)
    {
        TextPreTokenizer step = TextPreTokenizer.Read(Field($$"""{"type": "{{type}}", "individual_digits": true, "behavior": "Isolated"}"""));
        var text = new PreTokenizedText();
        Assert.Equal(digest, Digest(c =>
        {
            text.Reset($"a{c}b", isAtStart: true, keepOrigins: false);
            step.Apply(text);
            return string.Join('|', Enumerable.Range(0, text.Count).Select(i => text.Text[text.Piece(i).Start..text.Piece(i).End].ToString()));
        }));
    }

    private static JsonField Field(string json) => new("test", "", JsonSerializer.SerializeToElement(JsonNode.Parse(json)));

    private static string Digest(Func<string, string> make)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int codePoint = 0; codePoint < 0x110000; codePoint++)
        {
            if (codePoint is >= 0xD800 and <= 0xDFFF) continue;
            hash.AppendData(Encoding.UTF8.GetBytes(make(char.ConvertFromUtf32(codePoint)) + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
