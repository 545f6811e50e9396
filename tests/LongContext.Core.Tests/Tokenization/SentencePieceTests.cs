using System.Text.Json;
using LongContext.TestSupport;
using LongContext.Tokenization;
using LongContext.Tokenization.SentencePiece;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Folders with a tokenizer.model and no tokenizer.json.</summary>
public sealed class SentencePieceTests
{
    private static readonly string[] s_pieces = ["▁a", "bc", "▁", "a", "b", "c", "▁▁"];

    [Fact]
    public void Load_Llama2AsTokenizerModel_EqualsItsTokenizerJson()
    {
        HuggingFaceTokenizer json = TokenizerFolders.Load("llama2");
        string source = Path.Combine(TokenizerFolders.Root, "llama2");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.model"], SentencePieceFile.OfLlama2(Path.Combine(source, "tokenizer.json")).ToBytes());
        File.Copy(Path.Combine(source, "tokenizer_config.json"), folder["tokenizer_config.json"]);
        HuggingFaceTokenizer model = HuggingFaceTokenizer.Load(folder.Path);

        Assert.Equal(json.Vocabulary.Merges, model.Vocabulary.Merges);
        Assert.Equal(Kinds(json), Kinds(model));
        Assert.Equal((json.BeginningOfSentenceId, json.EndOfSentenceId, json.UnknownToken), (model.BeginningOfSentenceId, model.EndOfSentenceId, model.UnknownToken));
        foreach (string text in FixtureTexts().Append(File.ReadAllText(TestPaths.RequireShared("data", "kjv.txt"))))
        {
            int[] ids = json.Encode(text);
            Assert.Equal(ids, model.Encode(text));
            Assert.Equal(json.Decode(ids), model.Decode(ids));
            Assert.Equal(json.Decode(ids, skipSpecialTokens: true), model.Decode(ids, skipSpecialTokens: true));
        }
    }

    [Theory]
    [InlineData(null, "<s>|▁a")]
    [InlineData("""{"add_bos_token": false}""", "▁a")]
    [InlineData("""{"add_bos_token": true, "add_eos_token": true}""", "<s>|▁a|</s>")]
    public void Encode_Config_DecidesTheSpecialTokens(string? config, string expected) => Check(SentencePieceFile.OfPieces(s_pieces), config, "a", expected);

    [Theory]
    [InlineData(null, " a</s>a", "▁|▁a|</s>|▁a")]
    [InlineData("""{"legacy": false}""", "a</s>a", "▁a|</s>|a")]
    [InlineData("""{"legacy": false}""", " a", "▁a")]
    [InlineData("""{"add_prefix_space": false}""", "a a", "a|▁a")]
    public void Encode_Config_DecidesTheFirstBlank(string? config, string text, string expected) =>
        Check(SentencePieceFile.OfPieces(s_pieces), config, text, "<s>|" + expected);

    [Fact]
    public void Encode_ModelWithoutPrefixOrExtraBlanks_FollowsIt()
    {
        SentencePieceFile plain = SentencePieceFile.OfPieces(s_pieces);
        plain.AddDummyPrefix = false;
        Check(plain, null, "a  a", "<s>|a|▁|▁a");
        SentencePieceFile extra = SentencePieceFile.OfPieces(s_pieces);
        extra.RemoveExtraWhitespaces = true;
        Check(extra, null, "  a   bc  ", "<s>|▁a|▁|bc");
        Check(extra, null, "   ", "<s>");
    }

    [Fact]
    public void Encode_HigherScore_IsMergedFirst()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a", "b", "c", "ab", "bc");
        Check(file, null, "abc", "<s>|▁|ab|c");
        int ab = file.Pieces.FindIndex(piece => piece.Text == "ab");
        file.Pieces[ab] = ("ab", -100, SentencePieceFile.Normal);
        Check(file, null, "abc", "<s>|▁|a|bc");
    }

    [Fact]
    public async Task Load_OnePieceAsLongAsAllOthersTogether_CostsNoSearchForItsParts()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a", "aa", "aaa", new string('a', 2_000_000));
        await Deadline.Run(() => Check(file, null, "aaaa", "<s>|▁|aa|aa"));
    }

    [Fact]
    public async Task Load_PiecesOfEveryLength_CostsNoSearchForTheirParts()
    {
        // 3,000 lengths, and 8,000 pieces of which a third of the parts are as long as some piece: some 3 · 10¹⁰ letters, were each part looked up.
        var random = new Random(1);
        string Letters(int count) => string.Create(count, random, static (text, random) => random.GetItems("abcdefgh", text));
        SentencePieceFile file = SentencePieceFile.OfPieces(["▁", "a", "b", "ab", .. Enumerable.Range(9, 3_000).Select(Letters), .. Enumerable.Range(0, 8_000).Select(_ => Letters(4_500))]);
        await Deadline.Run(() => Check(file, null, "abb", "<s>|▁|ab|b"));
    }

    [Fact]
    public void Load_RunsOfOneLetter_HaveAllTheirMerges()
    {
        string[] runs = [.. Enumerable.Range(1, 400).Select(length => new string('a', length))];
        Assert.Equal(Enumerable.Range(1, 400).Sum(length => length - 1), Merges(SentencePieceFile.OfPieces(runs)).Count);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("a🙂😀")] // the two share their first half
    public void Load_AnyPieces_HaveEveryWayInOrder(string letters)
    {
        string[] characters = [.. letters.EnumerateRunes().Select(rune => rune.ToString())];
        var random = new Random(7);
        for (int round = 0; round < 50; round++)
        {
            string[] pieces = [.. Enumerable.Range(0, 30).Select(_ => string.Concat(random.GetItems(characters, random.Next(1, 7)))).Distinct()];
            SentencePieceFile file = SentencePieceFile.OfPieces(pieces);
            for (int i = 259; i < file.Pieces.Count; i++) file.Pieces[i] = file.Pieces[i] with { Score = random.Next(-5, 0) };
            Dictionary<string, int> ids = file.Pieces.Index().ToDictionary(piece => piece.Item.Text, piece => piece.Index);
            var expected =
                from merged in file.Pieces.Index()
                from left in file.Pieces.Index()
                where merged.Item.Text.StartsWith(left.Item.Text, StringComparison.Ordinal) && ids.ContainsKey(merged.Item.Text[left.Item.Text.Length..])
                orderby merged.Item.Score descending, merged.Index, left.Index
                select (left.Index, ids[merged.Item.Text[left.Item.Text.Length..]]);
            Assert.Equal(expected, Merges(file));
        }
    }

    private static List<(int, int)> Merges(SentencePieceFile file) =>
        [.. SentencePieceMerges.Of(SentencePieceModel.Read("tokenizer.model", file.ToBytes())).Select(way => (way.Left, way.Right))];

    [Fact]
    public void Encode_UserDefinedSymbol_IsTakenWhole()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces(s_pieces);
        file.Pieces.Add(("a b", 0, SentencePieceFile.UserDefined));
        HuggingFaceTokenizer tokenizer = Check(file, null, "aa bc", "<s>|▁a|a b|▁|c");
        int id = file.Pieces.Count - 1;
        Assert.False(tokenizer.IsSpecialToken(id));
        Assert.Equal(
            [TokenKind.Unknown, TokenKind.Control, TokenKind.Byte, TokenKind.Normal, TokenKind.Added],
            new[] { 0, 1, 3, 259, id }.Select(tokenizer.Vocabulary.GetKind));
        Assert.Equal(-1f, tokenizer.Vocabulary.GetScore(260));
    }

    [Fact]
    public void Encode_WithoutByteFallback_GivesOneUnknownToken()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces(s_pieces);
        file.ByteFallback = false;
        Check(file, null, "aéßb", "<s>|▁a|<unk>|b");
    }

    [Fact]
    public void Load_AddedTokens_AreFoundAndSaved()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SentencePieceFile file = SentencePieceFile.OfPieces(s_pieces);
        int next = file.Pieces.Count;
        File.WriteAllBytes(folder["tokenizer.model"], file.ToBytes());
        File.WriteAllText(folder["added_tokens.json"], $$"""{"<pad>": {{next}}, "<x>": {{next + 1}}}""");
        File.WriteAllText(
            folder["tokenizer_config.json"],
            $$$"""{"pad_token": "<pad>", "bos_token": "<s>", "added_tokens_decoder": {"{{{next + 1}}}": {"content": "<x>", "rstrip": true, "special": false} } }""");
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path);
        Assert.Equal("<s>|▁a|<x>|▁a|<pad>", Tokens(tokenizer, "a<x> a<pad>"));
        Assert.True(tokenizer.IsSpecialToken(next));
        Assert.False(tokenizer.IsSpecialToken(next + 1));

        tokenizer.Save(folder["copy"]);
        Assert.Equal(3, Directory.GetFiles(folder["copy"]).Length);
        Assert.Equal(tokenizer.Encode("a<x> a<pad>"), HuggingFaceTokenizer.Load(folder["copy"]).Encode("a<x> a<pad>"));
    }

    [Theory]
    [InlineData(1, "the model type 'unigram'")]
    [InlineData(3, "the model type 'word'")]
    [InlineData(4, "the model type 'char'")]
    public void Load_OtherModelType_NamesIt(int type, string reason) =>
        Fault<NotSupportedException>(file => file.ModelType = type, reason);

    [Fact]
    public void Load_WhatIsNotSupported_NamesIt()
    {
        Fault<NotSupportedException>(file => file.CharacterMap = "map", "the normalizer 'nmt_nfkc'");
        Fault<NotSupportedException>(file => file.EscapeWhitespaces = false, "escape_whitespaces");
        Fault<NotSupportedException>(file => file.Pieces.Add(("x", 0, SentencePieceFile.Unused)), "the piece \"x\" of the type UNUSED");
    }

    [Fact]
    public void Load_DamagedModel_NamesFileAndReason()
    {
        Fault<InvalidDataException>(file => file.Pieces.Clear(), "it has no pieces");
        Fault<InvalidDataException>(file => file.Pieces.Add(("", 0, 1)), "a piece is an empty string");
        Fault<InvalidDataException>(file => file.Pieces.Add(("x", float.NaN, 1)), "the score of the piece \"x\"");
        Fault<InvalidDataException>(file => file.Pieces.Add(("x", 0, 9)), "the piece \"x\" has the type 9");
        Fault<InvalidDataException>(file => file.Pieces.Add(("a", 0, 1)), "the piece \"a\" stands there twice");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        byte[] whole = SentencePieceFile.OfPieces(s_pieces).ToBytes();
        foreach (byte[] bytes in new[] { whole[..100], "not a model"u8.ToArray(), [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F] })
        {
            File.WriteAllBytes(folder["tokenizer.model"], bytes);
            var fault = Assert.Throws<InvalidDataException>(() => HuggingFaceTokenizer.Load(folder.Path));
            Assert.Contains("tokenizer.model: not a SentencePiece model", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"add_bos_token": 1}""", "add_bos_token: expected true or false, found 1")]
    [InlineData("""{"added_tokens_decoder": {"x": {"content": "a"}}}""", "added_tokens_decoder: expected an id, found \"x\"")]
    [InlineData("""{"added_tokens_decoder": {"900": {"content": "new"}}}""", "\"new\" has the id 900")]
    [InlineData("""{"bos_token": "none"}""", "bos_token: \"none\" is not among the tokens")]
    public void Load_DamagedConfig_NamesFieldAndReason(string config, string reason)
    {
        var fault = Assert.Throws<InvalidDataException>(() => Load(SentencePieceFile.OfPieces(s_pieces), config));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BeginningAskedForButNotThere_Throws()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces(s_pieces);
        file.BeginId = -1;
        Check(file, null, "a", "▁a");
        Assert.Contains("add_bos_token", Assert.Throws<InvalidDataException>(() => Load(file, """{"add_bos_token": true}""")).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> FixtureTexts()
    {
        string folder = Path.Combine(TestPaths.Fixtures, "hf", "tokenizers");
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [])
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray()) yield return item.GetProperty("text").GetString()!;
        }
    }

    private static IEnumerable<(TokenKind, string?)> Kinds(HuggingFaceTokenizer tokenizer) =>
        Enumerable.Range(0, tokenizer.VocabularySize).Select(id => (tokenizer.Vocabulary.GetKind(id), tokenizer.Vocabulary.GetText(id)));

    private static HuggingFaceTokenizer Check(SentencePieceFile file, string? config, string text, string expected)
    {
        HuggingFaceTokenizer tokenizer = Load(file, config);
        Assert.Equal(expected, Tokens(tokenizer, text));
        return tokenizer;
    }

    private static string Tokens(HuggingFaceTokenizer tokenizer, string text) => string.Join('|', tokenizer.Encode(text).Select(tokenizer.GetToken));

    private static HuggingFaceTokenizer Load(SentencePieceFile file, string? config)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.model"], file.ToBytes());
        if (config is not null) File.WriteAllText(folder["tokenizer_config.json"], config);
        return HuggingFaceTokenizer.Load(folder.Path);
    }

    private static void Fault<TException>(Action<SentencePieceFile> damage, string reason)
        where TException : Exception
    {
        SentencePieceFile file = SentencePieceFile.OfPieces(s_pieces);
        damage(file);
        var fault = Assert.Throws<TException>(() => Load(file, null));
        Assert.Contains("tokenizer.model: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }
}
