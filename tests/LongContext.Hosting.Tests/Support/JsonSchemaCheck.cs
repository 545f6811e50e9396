using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LongContext.Hosting.Support;

/// <summary>Whether JSON is valid against a schema, for the words that the tests' schemas use; a check of its own, apart from the grammar's.</summary>
internal static class JsonSchemaCheck
{
    public static void Valid(JsonNode? value, JsonNode schema)
    {
        foreach ((string word, JsonNode? given) in schema.AsObject())
        {
            switch (word)
            {
                case "type":
                    Assert.Equal((string)given!, TypeOf(value, (string)given!));
                    break;
                case "enum":
                    Assert.Contains(given!.AsArray(), allowed => JsonNode.DeepEquals(allowed, value));
                    break;
                case "anyOf":
                    Assert.Contains(given!.AsArray(), each => Record.Exception(() => Valid(value, each!)) is null);
                    break;
                case "properties":
                    foreach ((string name, JsonNode? inner) in given!.AsObject())
                    {
                        if (value!.AsObject().TryGetPropertyValue(name, out JsonNode? found)) Valid(found, inner!);
                    }

                    break;
                case "required":
                    Assert.All(given!.AsArray(), name => Assert.True(value!.AsObject().ContainsKey((string)name!)));
                    break;
                case "additionalProperties":
                    Assert.Empty(value!.AsObject().Select(pair => pair.Key).Except(schema["properties"]!.AsObject().Select(pair => pair.Key)));
                    break;
                case "items":
                    Assert.All(value!.AsArray(), item => Valid(item, given!));
                    break;
                case "minItems":
                    Assert.True(value!.AsArray().Count >= (int)given!);
                    break;
                case "maxItems":
                    Assert.True(value!.AsArray().Count <= (int)given!);
                    break;
                case "maxLength":
                    Assert.True(((string)value!).EnumerateRunes().Count() <= (int)given!);
                    break;
                case "pattern":
                    Assert.Matches(new Regex((string)given!), (string)value!);
                    break;
                case "minimum":
                    Assert.True((double)value! >= (double)given!);
                    break;
                case "maximum":
                    Assert.True((double)value! <= (double)given!);
                    break;
                default:
                    Assert.Fail($"The check does not know \"{word}\".");
                    break;
            }
        }
    }

    private static string TypeOf(JsonNode? value, string expected) => value?.GetValueKind() switch
    {
        null => "null",
        System.Text.Json.JsonValueKind.Object => "object",
        System.Text.Json.JsonValueKind.Array => "array",
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Number => expected == "integer" && Math.Floor((double)value) == (double)value ? "integer" : "number",
        _ => "boolean",
    };
}
