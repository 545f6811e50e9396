using System.Text.RegularExpressions;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

public sealed class TextGrammarTests
{
    public static TheoryData<string> Patterns() =>
    [
        "(yes|no|maybe)",
        "[a-c]{2,5}",
        "\"[^\"\\\\]{0,8}\"",
        "^-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?$",
        "(name|id)=\"(ab|[äé😀]){1,4}\"\n",
        "\\\\{1,3}x|^a$",
        "[^a-z]{0,3}tr(ue)?",
        "(\\t|\\r\\n| ){1,4}[^\\s\"]{1,2}",
    ];

    [Theory, MemberData(nameof(Patterns))]
    public void FromPattern_RandomWalks_EndInTextsThatItMatches(string pattern)
    {
        // .NET takes a pair of surrogates for two characters: one of them stands for both here.
        var regex = new Regex($"^(?:{Single(pattern)})\\z");
        foreach (HuggingFaceTokenizer tokenizer in new[] { GrammarTokenizers.ByteLevel, GrammarTokenizers.ByteFallback })
        {
            TextGrammar grammar = TextGrammar.FromPattern(pattern, tokenizer);
            int tokens = TokenBytes.Of(tokenizer).Trie.Texts.Count, complete = 0;
            for (int seed = 0; seed < 60; seed++)
            {
                var random = new SplitMix64(41, seed);
                GrammarState state = grammar.Texts.Start;
                List<byte> text = [];
                while (true)
                {
                    ulong[] mask = grammar.Texts.Allowed(state);
                    int[] allowed = [.. Enumerable.Range(0, tokens).Where(token => ((mask[token >> 6] >> (token & 63)) & 1) > 0)];
                    Assert.Equal(Enumerable.Range(0, tokens).Where(token => grammar.Texts.After(state, token) is not null), allowed);
                    if (state.IsComplete && (allowed.Length == 0 || random.NextInt(3) == 0)) break;
                    Assert.NotEmpty(allowed);
                    int chosen = allowed[random.NextInt(allowed.Length)];
                    text.AddRange(TokenBytes.Of(tokenizer).Trie.Texts[chosen]);
                    state = grammar.Texts.After(state, chosen)!;
                }

                string made = System.Text.Encoding.UTF8.GetString([.. text]);
                // Such tokenizers leave a first blank out when they decode.
                if (TokenBytes.Of(tokenizer).DropsFirstBlank && made.StartsWith(' ') && !regex.IsMatch(Single(made))) made = made[1..];
                Assert.Matches(regex, Single(made));
                Assert.True(grammar.IsMatch(made));
                complete++;
            }

            Assert.Equal(60, complete);
        }

        static string Single(string text) => Regex.Replace(text, "[\ud800-\udbff][\udc00-\udfff]", "中");
    }

    [Theory]
    [InlineData("ab", "xab", false)]
    [InlineData("ab", "abx", false)]
    [InlineData("^ab", "abx", false)]
    [InlineData("ab$", "xab", false)]
    [InlineData("a|bc", "bc", true)]
    [InlineData("a|bc", "ac", false)]
    [InlineData("a?", "", true)]
    [InlineData("\"", "\"", true)]
    [InlineData("\"", "\\\"", false)]
    [InlineData(".{3}", "a\"😀", true)]
    [InlineData(".", "\n", false)]
    [InlineData("[\\u0000-\\u001f]", "\u0007", true)]
    public void IsMatch_OfAPattern_IsOfTheWholeText(string pattern, string text, bool expected) =>
        Assert.Equal(expected, TextGrammar.FromPattern(pattern, GrammarTokenizers.ByteLevel).IsMatch(text));

    [Fact]
    public void FromChoices_SomeThatBeginOthers_AreAllOfThem()
    {
        string[] choices = ["yes", "yes, \"please\"", "no", "日本", "no"];
        TextGrammar grammar = TextGrammar.FromChoices(choices, GrammarTokenizers.ByteLevel);
        Assert.All(choices, choice => Assert.True(grammar.IsMatch(choice)));
        Assert.All(new[] { "", "ye", "yes,", "n", "日", "noyes" }, other => Assert.False(grammar.IsMatch(other)));
        var constraint = new GrammarConstraint(grammar.Texts, [GrammarTokenizers.EndOf(GrammarTokenizers.ByteLevel)]);
        foreach (byte value in "no"u8.ToArray()) Assert.True(constraint.TryAccept(value));
        Assert.True(constraint.MustEnd);
        Assert.NotEqual(grammar.Description, TextGrammar.FromChoices(["yes", "no"], GrammarTokenizers.ByteLevel).Description);
        Assert.NotEqual(TextGrammar.FromChoices(["a2:bc"], GrammarTokenizers.ByteLevel).Description, TextGrammar.FromChoices(["a", "bc"], GrammarTokenizers.ByteLevel).Description);
    }

    [Theory]
    [InlineData(160, true)] // fewer rows than there are tokens
    [InlineData(330, false)]
    [InlineData(400, false)]
    [InlineData(32_000, true)]
    public void Validate_AGrammarOfATokenizerOfAnotherSize_IsRefused(int vocabulary, bool isRefused)
    {
        var options = new GenerationOptions { Grammar = TextGrammar.FromChoices(["a"], GrammarTokenizers.ByteLevel) };
        options.Validate();
        if (!isRefused) options.Validate(vocabulary);
        else Assert.All(["Grammar", "tokenizer", $"{vocabulary}"], part => Assert.Contains(part, Assert.Throws<ArgumentException>(() => options.Validate(vocabulary)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void FromChoices_OrPattern_ThatCannotBe_SaysWhy()
    {
        HuggingFaceTokenizer tokenizer = GrammarTokenizers.ByteLevel;
        Assert.Contains("There are 0 choices", Fault(() => TextGrammar.FromChoices([], tokenizer)), StringComparison.Ordinal);
        Assert.Contains("There are 65537 choices", Fault(() => TextGrammar.FromChoices([.. Enumerable.Repeat("a", 65_537)], tokenizer)), StringComparison.Ordinal);
        Assert.Contains("Choice 1 is empty", Fault(() => TextGrammar.FromChoices(["a", ""], tokenizer)), StringComparison.Ordinal);
        Assert.Contains("Choice 0 has half", Fault(() => TextGrammar.FromChoices(["\ud800"], tokenizer)), StringComparison.Ordinal);
        Assert.Contains("more than 1048576 characters", Fault(() => TextGrammar.FromChoices([new string('a', 1 << 20), "b"], tokenizer)), StringComparison.Ordinal);
        // Within the limit of characters, but not of nodes.
        Assert.Contains("nodes", Fault(() => TextGrammar.FromChoices([new string('a', 500_000)], tokenizer)), StringComparison.Ordinal);
        Assert.Contains("character 4", Fault(() => TextGrammar.FromPattern("ab(?=c)", tokenizer)), StringComparison.Ordinal);
        Assert.Contains("65537 characters", Fault(() => TextGrammar.FromPattern(new string('a', 65_537), tokenizer)), StringComparison.Ordinal);
        Assert.Contains("nodes", Fault(() => TextGrammar.FromPattern("((a{10000}){10000}){10000}", tokenizer)), StringComparison.Ordinal);
        Assert.Contains("nodes", Fault(() => TextGrammar.FromPattern("((){10000}){10000}", tokenizer)), StringComparison.Ordinal);

        static string Fault(Action make) => Assert.Throws<ArgumentException>(make).Message;
    }
}
