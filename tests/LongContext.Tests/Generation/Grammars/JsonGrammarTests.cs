using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Generation.Sampling;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

public sealed class JsonGrammarTests
{
    private static readonly EvaluationOptions s_strict = new() { RequireFormatValidation = true };

    public static TheoryData<bool> Tokenizers() => [true, false];

    [Theory, MemberData(nameof(Tokenizers))]
    public void Sampling_RandomSchemasAndScores_GivesValidTextsOnly(bool byteLevel)
    {
        HuggingFaceTokenizer tokenizer = Of(byteLevel);
        int finished = 0;
        for (ulong seed = 0; seed < 40; seed++)
        {
            JsonNode schema = new RandomSchemas(seed).Make(3).Schema;
            JsonGrammar grammar = JsonGrammar.FromSchema(schema.ToJsonString(), tokenizer, new JsonGrammarOptions { Whitespace = (JsonWhitespace)(seed % 2) });
            if (Sample(grammar, tokenizer, (int)seed, 1500) is not { } text) continue;
            finished++;
            using JsonDocument document = JsonDocument.Parse(text);
            EvaluationResults results = JsonSchema.FromText(schema.ToJsonString()).Evaluate(document.RootElement, s_strict);
            Assert.True(results.IsValid, $"{text} does not satisfy {schema.ToJsonString()}");
        }

        Assert.InRange(finished, 28, 40);
    }

    [Theory, MemberData(nameof(Tokenizers))]
    public void TryAccept_ValidTextsCutAtRandom_AreTaken(bool byteLevel)
    {
        HuggingFaceTokenizer tokenizer = Of(byteLevel);
        IReadOnlyList<byte[]> texts = TokenBytes.Of(tokenizer).Trie.Texts;
        JsonSerializerOptions[] forms =
        [
            new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping },
            new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true, NewLine = "\n" },
        ];
        for (ulong seed = 0; seed < 250; seed++)
        {
            (JsonNode schema, JsonNode? value) = new RandomSchemas(1000 + seed).Make(4);
            var random = new SplitMix64(seed);
            JsonGrammar grammar = JsonGrammar.FromSchema(schema.ToJsonString(), tokenizer);
            // Values of an enum are without blanks inside.
            string text = JsonSerializer.Serialize(value, forms[schema.ToJsonString().Contains("\"enum\"", StringComparison.Ordinal) ? 0 : (int)(seed % 2)]);
            // The serializer spells this one by an escape even so, which names and values of an enum have not.
            text = text.Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal);
            var constraint = new GrammarConstraint(grammar.Texts, [GrammarTokenizers.EndOf(tokenizer)]);
            Assert.True(grammar.IsMatch(text), $"{text} is not taken for {schema.ToJsonString()}");
            foreach (int token in Cut(Encoding.UTF8.GetBytes(text), texts, random)) Assert.True(constraint.TryAccept(token));
            Assert.True(constraint.IsComplete);
            Assert.True(constraint.TryAccept(GrammarTokenizers.EndOf(tokenizer)));
            Assert.True(constraint.MustEnd);
        }
    }

    [Theory, MemberData(nameof(Tokenizers))]
    public void Mask_EveryToken_IsWhatCanBeAccepted(bool byteLevel)
    {
        HuggingFaceTokenizer tokenizer = Of(byteLevel);
        int end = GrammarTokenizers.EndOf(tokenizer);
        for (ulong seed = 0; seed < 30; seed++)
        {
            var random = new SplitMix64(seed);
            string schema = seed switch
            {
                < 4 => """{"type":["object","string"]}""",
                < 8 => """{"type":"string","maxLength":40,"minLength":3}""",
                < 12 => """{"type":"string","minLength":2}""",
                _ => new RandomSchemas(seed).Make(3).Schema.ToJsonString(),
            };
            var constraint = new GrammarConstraint(JsonGrammar.FromSchema(schema, tokenizer).Texts, [end]);
            float[] logits = new float[tokenizer.VocabularySize + 7];
            for (int step = 0; step < 60; step++)
            {
                Array.Clear(logits);
                constraint.Mask(logits);
                var allowed = new List<int>();
                for (int token = 0; token < logits.Length; token++)
                {
                    bool taken = constraint.TryAccept(token);
                    if (taken) constraint.Rollback(1);
                    Assert.Equal(taken, logits[token] == 0);
                    if (taken) allowed.Add(token);
                }

                if (constraint.MustEnd)
                {
                    Assert.True(allowed.Count <= 1);
                    break;
                }

                Assert.NotEmpty(allowed);
                Assert.True(constraint.TryAccept(allowed[random.NextInt(allowed.Count)]));
            }
        }
    }

    [Fact]
    public void Rollback_SomeTokens_GoesOnAsIfTheyHadNotBeen()
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteLevel;
        var constraint = new GrammarConstraint(JsonGrammar.FromSchema("""{"const":"abc"}""", tokenizer).Texts, [GrammarTokenizers.EndOf(tokenizer)]);
        foreach (char c in "\"ab") Assert.True(constraint.TryAccept(c));
        Assert.False(constraint.TryAccept('d'));
        constraint.Rollback(2);
        Assert.False(constraint.TryAccept('b'));
        foreach (char c in "abc\"") Assert.True(constraint.TryAccept(c));
        Assert.True(constraint.MustEnd);
        Assert.False(constraint.TryAccept('"'));
        Assert.True(constraint.TryAccept(GrammarTokenizers.EndOf(tokenizer)));
        constraint.Rollback(1);
        Assert.True(constraint.IsComplete);
        Assert.Throws<ArgumentOutOfRangeException>(() => constraint.Rollback(6));
    }

    [Theory]
    [InlineData("""{"$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/n"}""",
        """{"v":1,"next":{"v":2,"next":null}}""", """{"v":1,"next":{"v":2}}""")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"]},{"properties":{"b":{"const":1},"a":{"maximum":5}},"required":["b"]}]}""",
        """{"a":4,"b":1}""", """{"a":6,"b":1}""")]
    [InlineData("""{"type":["string","null"],"maxLength":1}""", "null", "\"ab\"")]
    [InlineData("""{"type":"string","maxLength":1}""", "\"\\ud83d\\ude00\"", "\"\\ud83d\"")]
    [InlineData("""{"type":"number"}""", "-12.5e-3", "01")]
    [InlineData("""{"type":"number","exclusiveMinimum":1}""", "1.01", "1.00")]
    [InlineData("""{"type":"integer","exclusiveMinimum":-3,"maximum":12}""", "-2", "-3")]
    [InlineData("""{"type":"integer"}""", "9223372036854775807", "9223372036854775808")]
    [InlineData("""{"type":"object"}""", """{"a": [1, {"b": "ä"}]}""", """[1]""")]
    [InlineData("""{"properties":{"ab":{"type":"null"}},"additionalProperties":true}""", """{"ab":null,"abc":1,"a":2}""", """{"abc":1,"ab":2}""")]
    [InlineData("""{"properties":{"a":false},"additionalProperties":true}""", """{"b":1,"aa":2}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":false,"b":{}},"additionalProperties":true}""", """{"b":1,"c":2}""", """{"b":1,"a":2}""")]
    [InlineData("""{"allOf":[{"properties":{"a":{"type":"string"}}},{"additionalProperties":{"type":"integer"}}]}""", """{"b":5}""", """{"a":5}""")]
    [InlineData("""{"type":["number","null"],"minimum":1e25}""", "null", "99999999999999999999")]
    [InlineData("""{"type":["number","null"],"exclusiveMaximum":-1e25}""", "null", "-99999999999999999999")]
    [InlineData("""{"type":"integer","exclusiveMaximum":1e25,"exclusiveMinimum":-1e25}""", "99999999999999999999", "1e3")]
    [InlineData("""{"properties":{"a":{},"b":{}},"required":["b"]}""", """{"b":[]}""", """{"b":1,"c":2}""")]
    [InlineData("""{"type":"array","prefixItems":[{"const":1}],"items":false}""", "[1]", "[1,1]")]
    [InlineData("""{"type":"array","items":{"type":"null"},"minItems":2}""", "[null,\n\tnull,null]", "[null]")]
    [InlineData("""{"type":"string","format":"uuid"}""", "\"00000000-0000-0000-0000-0000000000aF\"", "\"0000\"")]
    [InlineData("""{"type":"string","pattern":"^a|b$"}""", "\"aXX\"", "\"Xa\"")]
    [InlineData("""{"enum":[1.5,"x",null],"type":["string","null"]}""", "\"x\"", "1.5")]
    public void IsMatch_TextsOfASchema_AreToldFromOthers(string schema, string valid, string invalid)
    {
        JsonGrammar grammar = JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel);
        Assert.True(grammar.IsMatch(valid));
        Assert.False(grammar.IsMatch(invalid));
        Assert.False(grammar.IsMatch(valid + "x"));
    }

    [Fact]
    public void IsMatch_IntegerRanges_HoldExactlyTheirNumbers()
    {
        var random = new SplitMix64(4);
        for (int round = 0; round < 60; round++)
        {
            int low = random.NextInt(2400) - 1200, high = low + random.NextInt(1300);
            JsonGrammar grammar = JsonGrammar.FromSchema($$"""{"type":"integer","minimum":{{low}},"maximum":{{high}}}""", GrammarTokenizers.ByteLevel);
            for (int number = -1400; number < 1500; number++) Assert.Equal(number >= low && number <= high, grammar.IsMatch(number.ToString()));
            Assert.False(grammar.IsMatch("007"));
        }
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""", "itself")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"allOf":[{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"}""", "itself")]
    [InlineData("""{"$ref":"#/nowhere"}""", "nowhere")]
    [InlineData("""{"$ref":"http://example.org/x"}""", "example.org")]
    [InlineData("""{"type":"text"}""", "text")]
    [InlineData("""{"type":"string","maxLength":100000000}""", "nodes")]
    [InlineData("""{"type":"string","pattern":"((((a{999}){999}){999}){999})"}""", "nodes")]
    [InlineData("""{"type":"string","pattern":"(?=a)b"}""", "look")]
    [InlineData("""{"type":"string","pattern":"(a"}""", "')'")]
    [InlineData("""{"type":"string","pattern":"a{5,2}"}""", "rising")]
    [InlineData("""{"type":"integer","minimum":5,"maximum":4}""", "Nothing satisfies")]
    [InlineData("""{"type":"integer","minimum":1e25}""", "Nothing satisfies")]
    [InlineData("""{"enum":[]}""", "Nothing satisfies")]
    [InlineData("""{"type":"object","properties":5}""", "properties")]
    [InlineData("""{"type":"string","minLength":-1}""", "minLength")]
    [InlineData("[", "JSON")]
    [InlineData("5", "schema")]
    [InlineData("""{"type":"string","enum":5}""", "enum")]
    public void FromSchema_WhatCannotBeUsed_IsAnArgumentExceptionThatSaysWhy(string schema, string text) =>
        Assert.Contains(text, Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"integer","multipleOf":3}""", "multipleOf")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "uniqueItems")]
    [InlineData("""{"not":{"type":"null"}}""", "not")]
    [InlineData("""{"type":"string","pattern":"a","maxLength":3}""", "length")]
    public void FromSchema_WordsThatAGrammarCannotHold_AreRefusedByName(string schema, string text) =>
        Assert.Contains(text, Assert.Throws<NotSupportedException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);

    /// <summary>What is wrong with the schema, what makes it too costly to follow, and what is wrong with the vocabulary, are three things to a caller.</summary>
    [Fact]
    public void FromSchema_FaultsOfSchemaAndVocabulary_AreToldApart()
    {
        const string ambiguous = """{"anyOf":[{"type":"string","pattern":"^(a?){9000}b$"},{"type":"string","pattern":"^(c?){9000}d$"}]}""";
        NoTokenAllowedException e = Assert.Throws<NoTokenAllowedException>(() => JsonGrammar.FromSchema(ambiguous, GrammarTokenizers.ByteLevel));
        Assert.True(e.IsOfGrammar);
        Assert.Contains("too ambiguous", e.Message, StringComparison.Ordinal);
        foreach (string schema in new[] { "no JSON", """{"type":"string","pattern":5}""", """{"type":"string","minLength":"a"}""" }) Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel));
        // Of a vocabulary that no grammar can be followed with, that is said whatever the schema is.
        Microsoft.ML.Tokenizers.Tokenizer words = Microsoft.ML.Tokenizers.WordPieceTokenizer.Create(new MemoryStream("[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na"u8.ToArray()));
        string message = Assert.Throws<NotSupportedException>(() => JsonGrammar.AnyObject(words)).Message;
        foreach (string schema in new[] { "no JSON", """{"uniqueItems":true}""", ambiguous }) Assert.Equal(message, Assert.Throws<NotSupportedException>(() => JsonGrammar.FromSchema(schema, words)).Message);
    }

    [Fact]
    public void FromSchema_CombinationsThatMultiply_AreRefusedSoon()
    {
        var all = new JsonArray([.. Enumerable.Range(0, 40).Select(i => (JsonNode)new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["title"] = $"a{i}", ["minLength"] = i }, new JsonObject { ["maxLength"] = 100 - i }) })]);
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(new JsonObject { ["allOf"] = all }.ToJsonString(), GrammarTokenizers.ByteLevel));
    }

    [Fact]
    public void FromSchema_ManyValuesAndProperties_AreTaken()
    {
        string[] values = [.. Enumerable.Range(0, 20_000).Select(i => $"value {i}")];
        JsonGrammar grammar = JsonGrammar.FromSchema(new JsonObject { ["enum"] = new JsonArray([.. values.Select(x => (JsonNode)x)]) }.ToJsonString(), GrammarTokenizers.ByteLevel);
        Assert.True(grammar.IsMatch("\"value 1\"") && grammar.IsMatch("\"value 19999\""));
        Assert.False(grammar.IsMatch("\"value 20000\"") || grammar.IsMatch("\"value \""));
        var properties = new JsonObject();
        for (int i = 0; i < 2000; i++) properties[$"p{i}"] = new JsonObject { ["type"] = "null" };
        grammar = JsonGrammar.FromSchema(new JsonObject { ["properties"] = properties }.ToJsonString(), GrammarTokenizers.ByteLevel);
        Assert.True(grammar.IsMatch("""{"p0":null,"p7":null,"p1999":null}"""));
        Assert.False(grammar.IsMatch("""{"p7":null,"p0":null}"""));
    }

    [Fact]
    public void FromSchema_DeepOrLongInput_IsRefusedAndNeverOverflowsTheStack()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"items":""", 5000)) + "{}" + new string('}', 5000);
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(deep, GrammarTokenizers.ByteLevel));
        string chain = """{"$ref":"#/$defs/0","$defs":{""" + string.Join(',', Enumerable.Range(0, 9000).Select(i => $"\"{i}\":{{\"$ref\":\"#/$defs/{i + 1}\"}}")) + "}}";
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(chain, GrammarTokenizers.ByteLevel));
        string name = new('a', 200_000);
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema("{\"properties\":{\"" + name + "\":{}},\"additionalProperties\":true}", GrammarTokenizers.ByteLevel));
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema("{\"pattern\":\"" + new string('(', 100_000) + "\"}", GrammarTokenizers.ByteLevel));
        Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(new string(' ', 2_000_000) + "{}", GrammarTokenizers.ByteLevel));
    }

    [Fact]
    public void Sampling_AnyValue_StaysWithinTheDepth()
    {
        JsonGrammar grammar = JsonGrammar.AnyValue(GrammarTokenizers.ByteLevel, new JsonGrammarOptions { MaximumDepth = 5 });
        Assert.True(grammar.IsMatch("[[[[[1]]]]]"));
        Assert.False(grammar.IsMatch("[[[[[[1]]]]]]"));
    }

    private static HuggingFaceTokenizer Of(bool byteLevel) => byteLevel ? GrammarTokenizers.ByteLevel : GrammarTokenizers.ByteFallback;

    /// <summary>What uniform scores make of a grammar; null where it is not complete within the tokens.</summary>
    private static string? Sample(JsonGrammar grammar, HuggingFaceTokenizer tokenizer, int seed, int tokens)
    {
        int end = GrammarTokenizers.EndOf(tokenizer);
        var constraint = new GrammarConstraint(grammar.Texts, [end]);
        var sampler = new SequenceSampler(new GenerationOptions { Temperature = 1, Seed = seed, MaximumNewTokens = tokens }, tokenizer.VocabularySize, [], [end], new TokenDistribution(), constraint);
        var made = new List<int>();
        for (int i = 0; i < tokens; i++)
        {
            int token = sampler.Next(new float[tokenizer.VocabularySize]);
            if (token != end) made.Add(token);
            if (constraint.MustEnd) return tokenizer.Decode(made);
        }

        return null;
    }

    private static IEnumerable<int> Cut(byte[] text, IReadOnlyList<byte[]> tokens, SplitMix64 random)
    {
        for (int at = 0; at < text.Length;)
        {
            int[] fitting = [.. Enumerable.Range(0, tokens.Count).Where(id => tokens[id].Length > 0 && text.AsSpan(at).StartsWith(tokens[id]))];
            int token = fitting[random.NextInt(fitting.Length)];
            at += tokens[token].Length;
            yield return token;
        }
    }
}
