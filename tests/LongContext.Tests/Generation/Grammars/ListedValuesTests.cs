using LongContext.Data;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Values that a schema lists, beside its other words; and words that two schemas share.</summary>
public sealed class ListedValuesTests
{
    [Theory]
    [InlineData("""{"enum":[1,10],"minimum":5}""", "10", "1")]
    [InlineData("""{"enum":[1,2,3],"exclusiveMinimum":1,"exclusiveMaximum":3}""", "2", "1", "3")]
    [InlineData("""{"enum":[3,3.0000000000000000000000001],"maximum":3.0}""", "3", "3.0000000000000000000000001")]
    [InlineData("""{"enum":[1e300,1e301,-1e308],"maximum":1e300}""", "1e300", "1e301")]
    [InlineData("""{"enum":[0.3,0.35,-0.7,7],"multipleOf":0.1}""", "-0.7", "0.35")]
    [InlineData("""{"enum":[6,9,10],"multipleOf":3}""", "9", "10")]
    [InlineData("""{"type":"integer","enum":[1.0,1.5,1e2,10e-1]}""", "1e2", "1.5")]
    [InlineData("""{"type":"string","enum":["a","bbbb"],"maxLength":2}""", "\"a\"", "\"bbbb\"")]
    [InlineData("""{"enum":["😀😀","😀"],"minLength":2}""", "\"😀😀\"", "\"😀\"")]
    [InlineData("""{"enum":["ab","ba","b"],"pattern":"^a|a$"}""", "\"ba\"", "\"b\"")]
    [InlineData("""{"enum":["2024-02-28","2024-02-30"],"format":"date"}""", "\"2024-02-28\"", "\"2024-02-30\"")]
    [InlineData("""{"enum":["x",7,null,true],"minimum":8,"maxLength":0,"minItems":3}""", "null", "\"x\"", "7")]
    [InlineData("""{"allOf":[{"const":2.0},{"enum":[1,2]}]}""", "2.0", "1", "2")]
    [InlineData("""{"allOf":[{"enum":[5,2]},{"minimum":3}]}""", "5", "2")]
    [InlineData("""{"enum":[[1],[1,2],[1,"x"]],"minItems":2,"items":{"type":"integer"}}""", "[1,2]", "[1]", """[1,"x"]""")]
    [InlineData("""{"enum":[[1,2],[2,2]],"prefixItems":[{"const":1}],"items":{"enum":[2]}}""", "[1,2]", "[2,2]")]
    [InlineData("""{"enum":[{"a":1},{"a":2,"b":1},{"b":1}],"properties":{"a":{"maximum":1}},"required":["a"],"additionalProperties":false}""", """{"a":1}""", """{"a":2,"b":1}""", """{"b":1}""")]
    [InlineData("""{"$defs":{"n":{"anyOf":[{"type":"null"},{"required":["n"],"properties":{"n":{"$ref":"#/$defs/n"}},"type":"object"}]}},"enum":[{"n":{"n":null}},{"n":{"n":1}}],"allOf":[{"$ref":"#/$defs/n"}]}""",
        """{"n":{"n":null}}""", """{"n":{"n":1}}""")]
    public void FromSchema_ListedValues_AreThoseThatTheOtherWordsAllow(string schema, string valid, params string[] invalid)
    {
        JsonGrammar grammar = JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel);
        Assert.True(grammar.IsMatch(valid));
        Assert.All(invalid, text => Assert.False(grammar.IsMatch(text), text));
    }

    [Theory]
    [InlineData("""{"allOf":[{"const":5},{"enum":[1,2]}]}""", "Nothing satisfies")]
    [InlineData("""{"enum":[1,2],"minimum":3}""", "Nothing satisfies")]
    [InlineData("""{"enum":[1],"multipleOf":0}""", "multipleOf")]
    [InlineData("""{"enum":[1],"exclusiveMinimum":true}""", "exclusiveMinimum")]
    [InlineData("""{"enum":[1e400000000],"minimum":3}""", "exponent")]
    [InlineData("""{"enum":[3],"minimum":1e-99999999999999999999}""", "minimum")]
    [InlineData("""{"enum":["a"],"maxLength":-1}""", "maxLength")]
    [InlineData("""{"enum":[{"a":1}],"required":[null]}""", "required")]
    [InlineData("""{"enum":[{"a":1}],"properties":5}""", "properties")]
    [InlineData("""{"enum":["a"],"pattern":"(?=a)"}""", "look")]
    [InlineData("""{"enum":["\ud83d"],"maxLength":3}""", "JSON schema")]
    public void FromSchema_ListedValuesThatCannotBe_AreAnArgumentExceptionThatSaysWhy(string schema, string text) =>
        Assert.Contains(text, Assert.ThrowsAny<ArgumentException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"enum":[[1,1]],"uniqueItems":true}""", "uniqueItems")]
    [InlineData("""{"enum":[{"a":[1]}],"properties":{"a":{"contains":{}}}}""", "contains")]
    public void FromSchema_WordsThatAreNotJudged_AreRefusedByName(string schema, string text) =>
        Assert.Contains(text, Assert.Throws<NotSupportedException>(() => JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);

    [Fact]
    public void FromSchema_ListsWithinLists_AreRefusedBeforeTheyTakeLong()
    {
        string values = string.Join(',', Enumerable.Range(0, 40_000).Select(i => $"[{i}]")), numbers = string.Join(',', Enumerable.Range(0, 40_000).Select(i => i - 50_000));
        Assert.Contains("comparisons", Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema($$$"""{"enum":[{{{values}}}],"items":{"enum":[{{{numbers}}}]}}""", GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
        Assert.Contains("combinations", Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema($$"""{"allOf":[{"enum":[{{values}}]},{"enum":[{{numbers}}]}]}""", GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
        var random = new SplitMix64(1);
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(_ => random.NextInt(2) == 0 ? 'a' : 'b'));
        Assert.Contains("ambiguous", Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema($$"""{"enum":["{{text}}"],"pattern":"a(a|b){2000}$"}""", GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
        // Many values of one list are no matter.
        Assert.True(JsonGrammar.FromSchema($$"""{"enum":[{{numbers}}],"maximum":-20000}""", GrammarTokenizers.ByteLevel).IsMatch("-20001"));
    }

    [Theory]
    [InlineData("""{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}}}]}""", """{"a":1}""", """{"a":1,"b":1}""", """{"b":1}""")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":{"type":"integer"},"allOf":[{"properties":{"b":{"minimum":3}},"required":["b"]}]}""", """{"a":"x","b":4}""", """{"b":"x"}""", """{"b":2}""")]
    [InlineData("""{"allOf":[{"additionalProperties":{"type":"null"}},{"properties":{"a":{}}}]}""", """{"a":null}""", """{"a":1}""")]
    [InlineData("""{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}""", """{"a":1,"b":1}""", """{"c":1}""")]
    [InlineData("""{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}},"additionalProperties":false}]}""", "{}", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"allOf":[{"prefixItems":[{"type":"integer"}],"items":false},{"items":{"minimum":3}}]}""", "[4]", "[1]", "[4,4]")]
    [InlineData("""{"allOf":[{"prefixItems":[{"type":"integer"}]},{"prefixItems":[{"minimum":3},{"type":"null"}],"items":false}]}""", "[4,null]", "[1,null]", "[4,null,1]")]
    public void FromSchema_WordsForTheRest_HoldForWhatOnlyTheOtherSchemaNames(string schema, string valid, params string[] invalid)
    {
        JsonGrammar grammar = JsonGrammar.FromSchema(schema, GrammarTokenizers.ByteLevel);
        Assert.True(grammar.IsMatch(valid));
        Assert.All(invalid, text => Assert.False(grammar.IsMatch(text), text));
    }

    [Fact]
    public void FromSchema_RequiredPropertyThatTheOtherSchemaForbids_IsSatisfiedByNothing() => Assert.Contains("Nothing satisfies", Assert.Throws<ArgumentException>(() => JsonGrammar.FromSchema(
        """{"allOf":[{"additionalProperties":false},{"properties":{"b":{}},"required":["b"]}]}""", GrammarTokenizers.ByteLevel)).Message, StringComparison.Ordinal);
}
