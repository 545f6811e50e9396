using System.Text;

namespace LongContext.Data.Cleaning;

public sealed class WordScannerTests
{
    [Theory]
    [InlineData("Don't STOP, now -- really!", "dont stop now really ")]
    [InlineData("  a\tb\n\nc\u00A0d ", "a b c d ")]
    [InlineData("?! — …", "")]
    [InlineData("", "")]
    [InlineData("3.14 + x_1 = $5", "314 x1 5 ")] // the underscore is punctuation
    [InlineData("ÄRGER Straße ΣΑΣ", "ärger straße σασ ")]
    [InlineData("我们去学校。OK了", "我 们 去 学 校 ok 了 ")]
    [InlineData("カタカナ ひらがな", "カ タ カ ナ ひ ら が な ")]
    [InlineData("한국어 말", "한국어 말 ")]
    [InlineData("x😀y 𝒜b 𠀀c", "xy 𝒜b 𠀀 c ")] // the emoji is a symbol; mathematical A a letter; U+20000 a Han letter
    [InlineData("a\uD800b", "ab ")] // half a pair
    [InlineData("I ❤\uFE0F you, 葛\uDB40\uDD00城", "i you 葛 城 ")] // variation selectors go with what they vary, or are nothing
    [InlineData("cafe\u0301 हिन्दी", "cafe\u0301 हिन्दी ")] // marks belong to the word
    public void Scan_Text_GivesNormalisedWords(string text, string expected)
    {
        WordScanner scanner = new();
        scanner.Scan(text);
        Assert.Equal(expected, scanner.Normalized.ToString());
        Assert.Equal(expected.Count(c => c == ' '), scanner.Count);
    }

    [Fact]
    public void Scan_Words_KnowTheirPlaces()
    {
        const string text = "«Don't» — we 去了.";
        WordScanner scanner = new();
        scanner.Scan(text);
        string[] sources = [.. Enumerable.Range(0, scanner.Count).Select(word => text[scanner.SourceStart(word)..scanner.SourceEnd(word)])];
        Assert.Equal(["Don't", "we", "去", "了"], sources);
        Assert.Equal("we 去 了", scanner.Words(1, 3).ToString());
        Assert.Equal("", scanner.Words(1, 0).ToString());
    }

    [Fact]
    public void Scan_OddTexts_GivesTheWordsOfTheDefinition()
    {
        WordScanner scanner = new();
        foreach (string text in OddTexts.Make(5000))
        {
            scanner.Scan(text);
            (string Word, int Start, int End)[] expected = [.. ByDefinition(text)];
            Assert.Equal(expected, Enumerable.Range(0, scanner.Count).Select(i => (scanner.Words(i, 1).ToString(), scanner.SourceStart(i), scanner.SourceEnd(i))));
            // The same words have the same hashes, wherever they stand, and others have others.
            Assert.Equal(expected.Select(word => word.Word).Distinct().Count(), scanner.Hashes.ToArray().Distinct().Count());
            for (int i = 0; i < expected.Length; i++) Assert.Equal(HashOf(expected[i].Word), scanner.Hashes[i]);
        }

        static ulong HashOf(string word)
        {
            WordScanner alone = new();
            alone.Scan(word);
            return Assert.Single(alone.Hashes.ToArray());
        }

        static IEnumerable<(string Word, int Start, int End)> ByDefinition(string text)
        {
            List<(string Text, int Start, int End)> current = [];
            for (int i = 0, length; i < text.Length; i += length)
            {
                bool isRune = Rune.TryGetRuneAt(text, i, out Rune rune);
                length = isRune ? rune.Utf16SequenceLength : 1;
                CharacterClass found = isRune ? CharacterClasses.Of(rune) : CharacterClass.Removed;
                if (found is CharacterClass.Separator or CharacterClass.Alone && current.Count > 0)
                {
                    yield return (string.Concat(current.Select(unit => unit.Text)), current[0].Start, current[^1].End);
                    current.Clear();
                }

                if (found == CharacterClass.Alone) yield return (Rune.ToLowerInvariant(rune).ToString(), i, i + length);
                if (found == CharacterClass.Word) current.Add((Rune.ToLowerInvariant(rune).ToString(), i, i + length));
            }

            if (current.Count > 0) yield return (string.Concat(current.Select(unit => unit.Text)), current[0].Start, current[^1].End);
        }
    }

    [Fact]
    public void Scan_AfterALongText_ForgetsIt()
    {
        WordScanner used = new(), fresh = new();
        used.Scan(string.Concat(Enumerable.Repeat("many words ", 3000)));
        Assert.Equal(6000, used.Count);
        used.Scan("two words");
        fresh.Scan("two words");
        Assert.Equal(fresh.Hashes.ToArray(), used.Hashes.ToArray());
        Assert.Equal(2, used.Count);
    }

    [Fact]
    public void All_RollingHashes_AreThoseOfEachNGramAlone()
    {
        ulong[] words = [.. Enumerable.Range(0, 40).Select(i => new SplitMix64(1, i).Next())];
        for (int n = 1; n <= 14; n++)
        {
            ulong[] rolled = RollingHash.All(words, n);
            Assert.Equal(words.Length - n + 1, rolled.Length);
            for (int i = 0; i < rolled.Length; i++) Assert.Equal(RollingHash.All(words.AsSpan(i, n), n)[0], rolled[i]);
        }

        Assert.Equal(RollingHash.All(words.AsSpan(0, 3), 3), RollingHash.All(words.AsSpan(0, 3), 5));
        Assert.NotEqual(RollingHash.All([1, 2], 2), RollingHash.All([2, 1], 2));
    }
}
