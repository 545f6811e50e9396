using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Repetitions, whose masks are shared and put together, against what each token by itself says.</summary>
public sealed class GrammarRepetitionTests
{
    public static TheoryData<string> Schemas() =>
    [
        """{"type":"string","maxLength":70}""",
        """{"type":"string","minLength":60,"maxLength":61}""",
        """{"type":"string","minLength":90}""",
        """{"type":"string","pattern":"^.{0,90}$"}""",
        """{"type":"string","pattern":"^[^ab]{45,80}b$"}""",
        """{"type":"string","pattern":"^(ab|.){60,}c{2}$"}""",
        """{"type":"string","pattern":"(a.{0,50}){1,3}"}""",
        """{"type":"string","pattern":"^([a-c]{0,9}){0,40}$"}""",
        """{"type":"string","pattern":"^(a?[b-d]{2,40} ){1,50}$"}""",
        """{"type":"string","pattern":"^((ä|b?)c{0,3}){0,60}$"}""",
        """{"type":"string","pattern":"^\\S{0,33}[0-9]{30,60}(\\n|x){0,70}$"}""",
        """{"type":"array","items":{"enum":[true,1,"a"]},"minItems":50,"maxItems":99}""",
        """{"type":"array","prefixItems":[{"type":"null"},{"type":"integer"}],"items":{"type":"array","items":{"type":"null"},"maxItems":60},"maxItems":80}""",
        """{"anyOf":[{"type":"string","pattern":"^a{0,60}b$"},{"type":"string","pattern":"^.{0,55}c$"},{"type":"object","properties":{"a":{"type":"string","maxLength":50}}}]}""",
    ];

    [Theory, MemberData(nameof(Schemas))]
    public void Allowed_RandomWalks_IsWhatEachTokenByItselfSays(string schema)
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteLevel;
        CompiledGrammar grammar = JsonGrammar.FromSchema(schema, tokenizer).Texts;
        int tokens = TokenBytes.Of(tokenizer).Trie.Texts.Count;
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new SplitMix64(31, seed);
            GrammarState state = grammar.Start;
            for (int made = 0; made < 130; made++)
            {
                ulong[] mask = grammar.Allowed(state);
                List<int> allowed = [];
                for (int token = 0; token < tokens; token++)
                {
                    bool isAllowed = grammar.After(state, token) is not null;
                    Assert.True(isAllowed == ((mask[token >> 6] >> (token & 63)) & 1) > 0, $"token {token} after {made} of walk {seed}: {isAllowed}");
                    if (isAllowed) allowed.Add(token);
                }

                if (allowed.Count == 0) break;
                state = grammar.After(state, allowed[random.NextInt(allowed.Count)])!;
            }
        }
    }

    /// <summary>With a real vocabulary: long tokens, and very many.</summary>
    [Theory]
    [InlineData("""{"type":"string","pattern":"^.{0,400}$"}""")]
    [InlineData("""{"type":"string","pattern":"(a.{0,200}){1,2}"}""")]
    [InlineData("""{"type":"string","minLength":100,"maxLength":600}""")]
    public void Allowed_RealVocabulary_IsWhatEachTokenByItselfSays(string schema)
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("tokenizers", "llama2"));
        CompiledGrammar grammar = JsonGrammar.FromSchema(schema, tokenizer).Texts;
        int tokens = TokenBytes.Of(tokenizer).Trie.Texts.Count;
        for (int seed = 0; seed < 2; seed++)
        {
            var random = new SplitMix64(32, seed);
            GrammarState state = grammar.Start;
            for (int made = 0; made < 60; made++)
            {
                ulong[] mask = grammar.Allowed(state);
                int[] allowed = [.. Enumerable.Range(0, tokens).Where(token => ((mask[token >> 6] >> (token & 63)) & 1) > 0)];
                if (made % 10 == 0) Assert.Equal(Enumerable.Range(0, tokens).Where(token => grammar.After(state, token) is not null), allowed);
                if (allowed.Length == 0) break;
                state = grammar.After(state, allowed[random.NextInt(allowed.Length)])!;
            }
        }
    }

    /// <summary>Any one mask may take its time, but not one after another.</summary>
    [Fact]
    public void Mask_SlowAgainAndAgain_EndsTheRequestAlone()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("tokenizers", "llama2"));
        string patterns = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"type":"string","pattern":"^(.{0,{{300 + i}}}[a-{{(char)('b' + (i % 20))}}] ?){1,3}q{{i}}$"}"""));
        CompiledGrammar grammar = JsonGrammar.FromSchema("{\"anyOf\":[" + patterns + "]}", tokenizer).Texts;
        var random = new SplitMix64(4);
        var scores = new float[tokenizer.VocabularySize];
        var constraint = new GrammarConstraint(grammar, [2]);
        NoTokenAllowedException refused = Assert.Throws<NoTokenAllowedException>(() =>
        {
            for (int made = 0; made < 400; made++)
            {
                Array.Clear(scores);
                constraint.Mask(scores);
                int[] allowed = [.. Enumerable.Range(3, scores.Length - 3).Where(token => scores[token] == 0)];
                Assert.True(constraint.TryAccept(allowed[random.NextInt(allowed.Length)]));
            }
        });
        Assert.Contains("too ambiguous", refused.Message, StringComparison.Ordinal);
        // Others that have it are where they were.
        new GrammarConstraint(grammar, [2]).Mask(scores);
        Assert.Contains(0, scores);
    }
}
