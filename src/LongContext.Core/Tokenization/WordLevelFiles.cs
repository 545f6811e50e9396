using System.Text.Encodings.Web;
using System.Text.Json;

namespace LongContext.Tokenization;

/// <summary>The two files of a word-level tokenizer, in the form that Hugging Face's tokenizers write and read.</summary>
internal sealed class WordLevelFiles
{
    private readonly IReadOnlyList<string> _vocabulary;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly string _unknown;
    private readonly string? _begin;
    private readonly string? _end;

    public WordLevelFiles(IReadOnlyList<string> vocabulary, string unknownToken, string? beginningOfSentenceToken, string? endOfSentenceToken)
    {
        _vocabulary = vocabulary;
        _unknown = unknownToken;
        _begin = beginningOfSentenceToken;
        _end = endOfSentenceToken;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            string word = vocabulary[id];
            if (string.IsNullOrEmpty(word) || word.Any(char.IsWhiteSpace))
                throw new ArgumentException($"Word {id} is \"{word}\"; expected a text without white space.", nameof(vocabulary));
            if (!_ids.TryAdd(word, id))
                throw new ArgumentException($"The word \"{word}\" stands at {_ids[word]} and at {id}.", nameof(vocabulary));
        }

        Require(unknownToken, nameof(unknownToken));
        Require(beginningOfSentenceToken, nameof(beginningOfSentenceToken));
        Require(endOfSentenceToken, nameof(endOfSentenceToken));
    }

    public byte[] TokenizerJson() => Json(json =>
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (string token in new[] { _unknown, _begin, _end }.OfType<string>().Distinct().OrderBy(token => _ids[token])) WriteAdded(json, token);
        json.WriteEndArray();
        json.WriteNull("normalizer");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "WhitespaceSplit");
        json.WriteEndObject();
        WritePostProcessor(json);
        json.WriteNull("decoder");
        json.WriteStartObject("model");
        json.WriteString("type", "WordLevel");
        json.WriteStartObject("vocab");
        for (int id = 0; id < _vocabulary.Count; id++) json.WriteNumber(_vocabulary[id], id);
        json.WriteEndObject();
        json.WriteString("unk_token", _unknown);
        json.WriteEndObject();
    });

    public byte[] ConfigJson() => Json(json =>
    {
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        if (_begin is not null) json.WriteString("bos_token", _begin);
        if (_end is not null) json.WriteString("eos_token", _end);
        json.WriteString("unk_token", _unknown);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
    });

    private void WriteAdded(Utf8JsonWriter json, string token)
    {
        json.WriteStartObject();
        json.WriteNumber("id", _ids[token]);
        json.WriteString("content", token);
        foreach (string off in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(off, false);
        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private void WritePostProcessor(Utf8JsonWriter json)
    {
        if (_begin is null)
        {
            json.WriteNull("post_processor");
            return;
        }

        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        foreach ((string name, string[] texts) in new[] { ("single", new[] { "A" }), ("pair", ["A", "B"]) })
        {
            json.WriteStartArray(name);
            for (int type = 0; type < texts.Length; type++)
            {
                WriteItem(json, "SpecialToken", _begin, type);
                WriteItem(json, "Sequence", texts[type], type);
            }

            json.WriteEndArray();
        }

        json.WriteStartObject("special_tokens");
        json.WriteStartObject(_begin);
        json.WriteString("id", _begin);
        json.WriteStartArray("ids");
        json.WriteNumberValue(_ids[_begin]);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(_begin);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteItem(Utf8JsonWriter json, string kind, string id, int type)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void Require(string? token, string parameter)
    {
        if (token is not null && !_ids.ContainsKey(token))
            throw new ArgumentException($"\"{token}\" is not among the {_vocabulary.Count} words of the vocabulary.", parameter);
    }

    private static byte[] Json(Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
