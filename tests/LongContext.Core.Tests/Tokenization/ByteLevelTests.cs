using System.Diagnostics;
using System.Text.Json.Nodes;
using LongContext.Core.Tests.Tokenization.Patterns;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Byte-level BPE: what the fixtures' texts do not show.</summary>
public sealed class ByteLevelTests
{
    private const string Split = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] s_merges = ["a b", "Ġ a", "ab ab", "abab abab", "Ã ©", "ð Ł", "ðŁ Ļ"];
    private static readonly HuggingFaceTokenizer s_tokenizer = Make(s_merges);

    [Fact]
    public void Encode_HalfSurrogatePair_CountsAsReplacementCharacter() => HalfSurrogates.AssertCountAsReplacementCharacter(s_tokenizer);

    [Fact]
    public void Add_CharacterSpreadOverTokens_AppearsWithItsLast()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        int[] ids = s_tokenizer.Encode("a🙂é日", addSpecialTokens: false);
        Assert.Equal(["a", "ðŁĻ", "Ĥ", "Ã©", "æ", "Ĺ", "¥"], ids.Select(s_tokenizer.GetToken));
        Assert.Equal(["a", "", "🙂", "é", "", "", "日"], ids.Select(decoder.Add));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void Add_RandomTexts_SpellWhatDecodingAtOnceGives()
    {
        var random = new Random(5);
        for (int round = 0; round < 3000; round++)
        {
            string text = RandomText.Make(random, random.Next(1, 20));
            var decoder = new TokenStreamDecoder(s_tokenizer);
            int[] ids = s_tokenizer.Encode(text);
            Assert.Equal(s_tokenizer.Decode(ids), string.Concat(ids.Select(decoder.Add)) + decoder.Flush());
        }
    }

    [Fact]
    public void Flush_UnfinishedCharacter_GivesOneReplacementCharacter()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        Assert.Equal("", decoder.Add(Id("ðŁĻ")));
        Assert.Equal("\ufffd", decoder.Flush());
        Assert.Equal("\ufffd\ufffda", s_tokenizer.Decode([Id("Ã"), Id("Ã"), Id("a")]));
    }

    [Fact]
    public void EncodeToTokens_BytesOfACharacter_AllHaveItsPlace()
    {
        IReadOnlyList<EncodedTokenView> tokens = [.. s_tokenizer.EncodeToTokens("ab 🙂a", out _).Select(token => new EncodedTokenView(token.Value, token.Offset))];
        Assert.Equal([new("ab", 0..2), new("Ġ", 2..3), new("ðŁĻ", 3..5), new("Ĥ", 3..5), new("a", 5..6)], tokens);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)] // the second token would be part of 🙂
    [InlineData(3, 3, 3)]
    [InlineData(4, 4, 4)]
    public void EncodeToIds_MaxTokenCount_EndsAtACharacter(int limit, int count, int consumed)
    {
        IReadOnlyList<int> ids = s_tokenizer.EncodeToIds("a🙂a", limit, out _, out int charsConsumed);
        Assert.Equal((count, consumed), (ids.Count, charsConsumed));
    }

    [Fact]
    public void Decode_IntoSpanOfAnySize_WritesWholeCharactersOnly()
    {
        int[] ids = s_tokenizer.Encode("ab 🙂é日a", addSpecialTokens: false);
        string whole = s_tokenizer.Decode(ids);
        for (int size = 0; size <= whole.Length; size++)
        {
            var destination = new char[size];
            s_tokenizer.Decode(ids, destination, out int consumed, out int written);
            Assert.Equal(s_tokenizer.Decode(ids.Take(consumed)), new string(destination, 0, written));
            Assert.StartsWith(new string(destination, 0, written), whole, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Encode_AddedTokenOutsideTheAlphabet_IsDecodedAsItself()
    {
        JsonObject json = Json(s_merges);
        json["added_tokens"] = new JsonArray(TinyTokenizer.Added(Size(json), "<漢>"));
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal("ab<漢>é", tokenizer.Decode(tokenizer.Encode("ab<漢>é")));
        Assert.Equal("abé", tokenizer.Decode(tokenizer.Encode("ab<漢>é"), skipSpecialTokens: true));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData(" \n")]
    [InlineData("é")]
    [InlineData("1")]
    [InlineData("'")]
    [InlineData("日")]
    [InlineData("\u0301")]
    public void Encode_MegabyteWithoutWords_TakesNoQuadraticTime(string unit)
    {
        // Sixteen times the text in at most some forty times the time: 256 times it would be if it grew with the square.
        TimeSpan small = Time(1 << 16), large = Time(1 << 20);
        Assert.True(large < (small * 40) + TimeSpan.FromSeconds(1), $"{large.TotalMilliseconds:F0} ms for 16 times what took {small.TotalMilliseconds:F0} ms");

        TimeSpan Time(int length)
        {
            string text = Repeated(unit, length / unit.Length);
            var watch = Stopwatch.StartNew();
            int[] ids = s_tokenizer.Encode(text, addSpecialTokens: false);
            watch.Stop();
            Assert.Equal(text, s_tokenizer.Decode(ids));
            return watch.Elapsed;
        }
    }

    [Fact]
    public void Encode_MillionMarks_TakesNoQuadraticTime()
    {
        JsonObject json = Json(s_merges);
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        string marks = Repeated("\u0301\u0327", 1 << 19);

        // Sorted by class, and the first of each composes with the letter.
        string expected = "ḉ" + Repeated("\u0327", (1 << 19) - 1) + Repeated("\u0301", (1 << 19) - 1);
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode("c" + marks)));
    }

    [Fact]
    public void Encode_FromSeveralThreads_GivesTheSameIds()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $" ab{i * 31 % 9973}a é"));
        int[] expected = Make(s_merges).Encode(text);
        HuggingFaceTokenizer tokenizer = Make(s_merges);
        Parallel.For(0, 8, _ => Assert.Equal(expected, tokenizer.Encode(text)));
    }

    [Fact]
    public void EncodeAndDecode_EightThreadsAtOnce_GiveWhatOneGives()
    {
        string[] texts = [.. Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Range(0, 200).Select(j => $" ab{(i * 211) + (j * 31 % 997)}a é🙂")))];
        HuggingFaceTokenizer alone = Make(s_merges), shared = Make(s_merges);
        (int[] Ids, int Cut, string Token)[] expected = [.. texts.Select(text => Read(alone, text))];
        using var start = new Barrier(8);
        List<Exception> faults = [];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(worker => new Thread(() => Work(worker)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Empty(faults);

        void Work(int worker)
        {
            try
            {
                start.SignalAndWait(TestContext.Current.CancellationToken);
                // Each in an order of its own, so that they meet on other texts each time; the vocabulary and the fingerprint are made by whoever asks first.
                for (int i = 0; i < 3 * texts.Length; i++)
                {
                    int at = ((i * (2 * worker + 1)) + worker) % texts.Length;
                    Assert.Equivalent(expected[at], Read(shared, texts[at]), strict: true);
                    var stream = new TokenStreamDecoder(shared, skipSpecialTokens: false);
                    Assert.Equal(texts[at], string.Concat(expected[at].Ids.Select(stream.Add)) + stream.Flush());
                    Assert.Equal(texts[at], shared.Decode(expected[at].Ids));
                    Assert.Equal(alone.Fingerprint, shared.Fingerprint);
                }
            }
            catch (Exception e)
            {
                lock (faults) faults.Add(e);
            }
        }

        static (int[], int, string) Read(HuggingFaceTokenizer tokenizer, string text) =>
            (tokenizer.Encode(text, addSpecialTokens: false), tokenizer.GetIndexByTokenCount(text, 50, out _, out _), tokenizer.Vocabulary.SplitPatterns[0] + tokenizer.EncodeToTokens(text, out _)[7].Value);
    }

    [Fact]
    public void Encode_LineAgain_AllocatesItsTokensOnly()
    {
        string line = Repeated("ab a 123 ab, é ", 100);
        int count = s_tokenizer.EncodeToIds(line).Count;
        for (int i = 0; i < 100; i++) s_tokenizer.EncodeToIds(line);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) s_tokenizer.EncodeToIds(line);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 10;
        Assert.InRange(bytes, count * sizeof(int), (count * sizeof(int)) + 2000);
    }

    [Fact]
    public void Vocabulary_ByteLevel_TellsWhatTheFileSays()
    {
        TokenizerVocabulary vocabulary = s_tokenizer.Vocabulary;
        Assert.Equal(("BPE", true, false, false), (vocabulary.ModelType, vocabulary.IsByteLevel, vocabulary.HasByteFallback, vocabulary.IgnoresMerges));
        Assert.Equal(s_merges, vocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}"));
        Assert.Equal([Split], vocabulary.SplitPatterns);
        Assert.Equal(["Split", "ByteLevel"], vocabulary.PreTokenizerTypes);
        Assert.Equal(["NFC"], vocabulary.NormalizerTypes);
        Assert.Equal("Ġa", vocabulary.GetText(257));
        Assert.Equal((0f, -1f), (vocabulary.GetScore(0), vocabulary.GetScore(257)));
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.GetText(vocabulary.Size));
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.GetKind(-1));
    }

    [Fact]
    public void Load_IdsWithHoles_LeavesThemUnused()
    {
        JsonObject json = TinyTokenizer.Bpe(["a", "b"], []);
        json["model"]!["vocab"]!["c"] = 5;
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal((6, TokenKind.Unused), (tokenizer.VocabularySize, tokenizer.Vocabulary.GetKind(3)));
        Assert.Equal("a c", tokenizer.Decode([0, 3, 5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.GetToken(3));
    }

    [Fact]
    public void Load_AddedTokenThatNormalizesToNothing_NamesIt()
    {
        JsonObject json = TinyTokenizer.Bpe(["a"], []);
        json["normalizer"] = new JsonObject { ["type"] = "StripAccents" };
        json["added_tokens"] = new JsonArray(TinyTokenizer.Added(1, "\u0301", "normalized"));
        Assert.Contains("empty string once normalized", Assert.Throws<InvalidDataException>(() => TinyTokenizer.Load(json)).Message, StringComparison.Ordinal);
    }

    private static string Repeated(string unit, int count) => string.Concat(Enumerable.Repeat(unit, count));

    private static int Id(string token) => s_tokenizer.TryGetTokenId(token, out int id) ? id : throw new ArgumentException(token);

    private static int Size(JsonObject json) => json["model"]!["vocab"]!.AsObject().Count;

    private static HuggingFaceTokenizer Make(string[] merges) => TinyTokenizer.Load(Json(merges));

    private static JsonObject Json(string[] merges)
    {
        string[] bytes = [.. ByteAlphabet.Characters.ToArray().Select(character => character.ToString())];
        JsonObject json = TinyTokenizer.Bpe([.. bytes, .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal))], merges);
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Split }, ["behavior"] = "Isolated", ["invert"] = false },
                new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false }),
        };
        json["decoder"] = new JsonObject { ["type"] = "ByteLevel" };
        return json;
    }

    private readonly record struct EncodedTokenView(string Value, Range Offset);
}
