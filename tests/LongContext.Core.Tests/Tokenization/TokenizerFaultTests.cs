using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Damaged and unknown files are refused with the file, the field and the reason.</summary>
public sealed class TokenizerFaultTests
{
    [Fact]
    public void Load_FolderWithoutTokenizer_NamesTheFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var fault = Assert.Throws<FileNotFoundException>(() => HuggingFaceTokenizer.Load(folder.Path));
        Assert.Contains(folder.Path, fault.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"model\": {")]
    [InlineData("not JSON")]
    public void Load_NotJson_NamesTheFile(string text) => Fault<InvalidDataException>(text, "tokenizer.json: not valid JSON");

    [Fact]
    public void Load_HugeNesting_IsRefused() => Fault<InvalidDataException>(new string('[', 100_000), "tokenizer.json: not valid JSON");

    [Theory]
    [InlineData("[]", "expected an object, found a JSON array")]
    [InlineData("{}", "\"model\" is missing")]
    [InlineData("""{"model": {}}""", "model: the field \"type\" is missing")]
    [InlineData("""{"model": {"type": "BPE", "merges": []}}""", "model: the field \"vocab\" is missing")]
    [InlineData("""{"model": {"type": "BPE", "vocab": [], "merges": []}}""", "model.vocab: expected an object")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {}, "merges": []}}""", "model.vocab: the vocabulary is empty")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}""", "the id of \"a\" is -1")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}}""", "the id of \"a\" is 99999999999")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": "0"}, "merges": []}}""", "the id of \"a\" is \"0\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}}""", "the piece \"a\" stands there twice")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}""", "\"a\" and \"b\" have the same id 0")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 2000000000}, "merges": []}}""", "\"b\" has the id 2000000000, expected less than 65544 with 2 tokens")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "b": 65544}, "merges": []}}""", "\"b\" has the id 65544, expected less than 65544 with 2 tokens")]
    [InlineData("""{"\ud800\ud800\ud800": 0, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""", "a field's name is not Unicode text")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"\ud800": 0}, "merges": []}}""", "a piece is not Unicode text")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": 3}}""", "model.merges: expected an array")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}""", "merge 0 is \"a\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", 1]]}}""", "merge 0 is [\"a\", 1]")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a "]}}""", "merge 0 is \"a \"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a a", "a b"]}}""", "merge 1 needs the piece \"b\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a"]}}""", "merge 0 needs the piece \"aa\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "a", "a"]]}}""", "merge 0 is [\"a\", \"a\", \"a\"]")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a a"]}}""", "merge 0 is \"a a a\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["\ud800 a"]}}""", "merge 0 is \"\\ud800 a\"")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": 1}}""", "model.byte_fallback: expected true or false, found 1")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "b"}}""", "model.unk_token: \"b\" is not in the vocabulary")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}}}""", "\"unk_token\" is missing")]
    [InlineData("""{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "b"}}""", "model.unk_token: \"b\" is not in the vocabulary")]
    public void Load_DamagedModel_NamesFieldAndReason(string json, string reason) => Fault<InvalidDataException>(json, reason);

    [Theory]
    [InlineData("added_tokens", """[{"id": 1, "content": "a"}]""", "\"a\" has the id 1, but it stands with the id 0 already")]
    [InlineData("added_tokens", """[{"id": 0, "content": "b"}]""", "\"a\" and \"b\" have the same id 0")]
    [InlineData("added_tokens", """[{"id": 7, "content": "b"}]""", "\"b\" has the id 7, but with 1 tokens before it the next id is 1")]
    [InlineData("added_tokens", """[{"id": 1, "content": ""}]""", "added_tokens[0].content: an added token is an empty string")]
    [InlineData("added_tokens", """[{"content": "b"}]""", "added_tokens[0]: the field \"id\" is missing")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"String": ""}, "content": "b"}""", "normalizer.pattern.String: expected a text")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"Regex": "[a"}, "content": "b"}""", "normalizer.pattern.Regex: the pattern \"[a\" is wrong at its character 2: a class is not closed")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"Regex": "a)"}, "content": "b"}""", "a closing parenthesis has no opening one")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated", "invert": false}""", "pre_tokenizer.pattern.String: expected a text")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace", "replacement": "__"}""", "pre_tokenizer.replacement: expected one character, found \"__\"")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel"}""", "pre_tokenizer: the field \"add_prefix_space\" is missing")]
    [InlineData("normalizer", """{"type": "Prepend", "prepend": "\udc00"}""", "normalizer.prepend: expected a string of Unicode text")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": []}""", "post_processor.single: the template has no sequence \"A\"")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]}""", "found \"B\"")]
    [InlineData(
        "post_processor",
        """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"x": {"ids": [9]}}}""",
        "the special token id 9 is outside the vocabulary of 1 tokens")]
    [InlineData("decoder", """{"type": "Strip", "content": "ab", "start": 0, "stop": 0}""", "decoder.content: expected one character, found \"ab\"")]
    [InlineData("decoder", """{"type": "Strip", "content": "a", "start": -1, "stop": 0}""", "decoder.start: expected an integer")]
    public void Load_DamagedPart_NamesFieldAndReason(string field, string value, string reason) =>
        Fault<InvalidDataException>(Tokenizer(field, value), reason);

    [Theory]
    [InlineData("normalizer", """{"type": "Strange"}""", "normalizer: the normalizer type 'Strange'")]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": [{"type": "Strange"}]}""", "normalizer.normalizers[0]: the normalizer type 'Strange'")]
    [InlineData("normalizer", """{"type": "Replace", "pattern": {"Regex": "(x)\\1"}, "content": ""}""", "normalizer.pattern.Regex: \"\\1\" in the pattern")]
    [InlineData("normalizer", """{"type": "Precompiled", "precompiled_charsmap": ""}""", "normalizer: the normalizer type 'Precompiled'")]
    [InlineData("pre_tokenizer", """{"type": "Strange"}""", "pre_tokenizer: the pre-tokenizer type 'Strange'")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Strange"}]}""", "pre_tokenizer.pretokenizers[0]: the pre-tokenizer type 'Strange'")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\X"}, "behavior": "Isolated", "invert": false}""", "pre_tokenizer.pattern.Regex: \"\\X\" in the pattern")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"String": "x"}, "behavior": "Odd", "invert": false}""", "pre_tokenizer.behavior: the behavior 'Odd'")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}""", "pre_tokenizer.prepend_scheme: the scheme 'last'")]
    [InlineData("post_processor", """{"type": "Strange"}""", "post_processor: the post-processor type 'Strange'")]
    [InlineData("decoder", """{"type": "Strange"}""", "decoder: the decoder type 'Strange'")]
    [InlineData("model", """{"type": "Strange"}""", "model: the model type 'Strange'")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}""", "model.dropout: merge dropout")]
    [InlineData("model", """{"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]]}""", "model: the model type 'Unigram'")]
    [InlineData("model", """{"type": "WordPiece", "unk_token": "a", "vocab": {"a": 0}}""", "model: the model type 'WordPiece'")]
    public void Load_UnknownComponent_NamesIt(string field, string value, string reason) =>
        Fault<NotSupportedException>(Tokenizer(field, value), reason);

    [Theory]
    [InlineData("""{"bos_token": "<none>"}""", "bos_token: \"<none>\" is not among the tokens")]
    [InlineData("""{"eos_token": {"text": "a"}}""", "eos_token: the field \"content\" is missing")]
    [InlineData("""{"eos_token": 2}""", "eos_token: expected a string, found 2")]
    [InlineData("{", "not valid JSON")]
    public void Load_DamagedConfig_NamesFieldAndReason(string config, string reason)
    {
        var fault = Assert.Throws<InvalidDataException>(() => TinyTokenizer.Load(Tokenizer("normalizer", "null"), config));
        Assert.Contains("tokenizer_config.json: " + reason, fault.Message, StringComparison.Ordinal);
    }

    private static string Tokenizer(string field, string value)
    {
        // As text, because some values are no JSON that a writer would write.
        JsonObject json = TinyTokenizer.Bpe(["a"], []);
        json[field] = "HERE";
        return json.ToJsonString().Replace("\"HERE\"", value, StringComparison.Ordinal);
    }

    private static void Fault<TException>(string json, string reason)
        where TException : Exception
    {
        var fault = Assert.Throws<TException>(() => TinyTokenizer.Load(json));
        Assert.Contains("tokenizer.json: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }
}
