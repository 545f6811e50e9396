using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Generation.Grammars;

/// <summary>Makes of a schema the alternatives without references and combinations that it stands for.</summary>
internal sealed class SchemaMerging(JsonNode root)
{
    private const int MostAlternatives = 1000;
    private const int MostWork = 100_000;
    private const int ComparisonsOfWork = 64;
    private const int CopiesOfWork = 8;
    private const int MostReferences = 64;
    private static readonly string[] s_types = ["object", "array", "string", "number", "integer", "boolean", "null"];
    private long work;

    /// <summary>The alternatives, none twice; each has at most one type.</summary>
    /// <exception cref="ArgumentException">The schema refers to itself without anything between, to nothing, or to what cannot be combined.</exception>
    public List<JsonObject> Alternatives(JsonNode? schema)
    {
        var found = new List<JsonObject>();
        var texts = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonObject alternative in Resolve(schema, []))
        {
            foreach (JsonObject typed in OfTypes(alternative))
            {
                if (texts.Add(typed.ToJsonString())) found.Add(typed);
            }
        }

        return found;
    }

    private List<JsonObject> Resolve(JsonNode? schema, HashSet<string> path)
    {
        Spend(1);
        if (schema is JsonValue flag && flag.TryGetValue(out bool any)) return any ? [[]] : [];
        if (schema is not JsonObject given) throw new ArgumentException($"A schema is {schema?.ToJsonString() ?? "null"}, expected an object, true or false.");
        Spend(given.Count / CopiesOfWork);
        var own = new JsonObject();
        foreach ((string key, JsonNode? value) in given)
        {
            if (key is not ("$ref" or "anyOf" or "oneOf" or "allOf")) own[key] = value?.DeepClone();
        }

        List<JsonObject> results = [own];
        if (given["$ref"] is { } reference)
        {
            string pointer = reference.GetValueKind() == JsonValueKind.String ? reference.GetValue<string>() : reference.ToJsonString();
            if (path.Count == MostReferences) throw new ArgumentException($"The schema refers on from one reference to the next more than {MostReferences} times.");
            if (!path.Add(pointer)) throw new ArgumentException($"The schema refers to \"{pointer}\" within itself without anything between, which no text can satisfy.");
            results = Product(results, Resolve(Find(pointer), path));
            path.Remove(pointer);
        }

        foreach (string key in (string[])["anyOf", "oneOf"])
        {
            if (given[key] is not { } list) continue;
            List<JsonObject> items = [.. Items(list, key).SelectMany(item => Resolve(item, path))];
            // Where one takes whatever there is, the others take nothing besides.
            if (!items.Exists(item => item.Count == 0)) results = Product(results, items);
        }

        if (given["allOf"] is { } all)
        {
            foreach (JsonNode? item in Items(all, "allOf")) results = Product(results, Resolve(item, path));
        }

        return results;
    }

    private void Spend(long count)
    {
        if ((work += count) > MostWork) throw new ArgumentException("The schema's references and combinations make more alternatives than can be followed.");
    }

    private JsonNode? Find(string pointer)
    {
        if (pointer == "#") return root;
        if (!pointer.StartsWith("#/", StringComparison.Ordinal)) throw new ArgumentException($"The schema refers to \"{pointer}\", but only references into itself (#/…) can be followed.");
        JsonNode? node = root;
        foreach (string part in pointer[2..].Split('/'))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            node = node switch
            {
                JsonObject map when map.TryGetPropertyValue(name, out JsonNode? value) => value,
                JsonArray list when int.TryParse(name, out int index) && (uint)index < (uint)list.Count => list[index],
                _ => throw new ArgumentException($"The schema refers to \"{pointer}\", where there is nothing."),
            };
        }

        return node;
    }

    private static JsonArray Items(JsonNode list, string key) =>
        list is JsonArray { Count: > 0 } items ? items : throw new ArgumentException($"The schema's {key} is {list.ToJsonString()}, expected a list of schemas.");

    private List<JsonObject> Product(List<JsonObject> left, List<JsonObject> right)
    {
        if (right is [{ Count: 0 }]) return left;
        if (left is [{ Count: 0 }]) return right;
        if (left.Count * (long)right.Count > MostAlternatives) throw new ArgumentException($"The schema's combinations make more than {MostAlternatives} alternatives.");
        var both = new List<JsonObject>();
        foreach (JsonObject a in left)
        {
            foreach (JsonObject b in right)
            {
                if (Merge(a, b) is { } merged) both.Add(merged);
            }
        }

        return both;
    }

    /// <summary>Throws where a word has a value of a type that it cannot have.</summary>
    private static void RequireKinds(string key, JsonNode? own, JsonNode? value)
    {
        foreach (JsonNode? node in (ReadOnlySpan<JsonNode?>)[own, value])
        {
            bool fits = key switch
            {
                "properties" or "$defs" or "definitions" => node is JsonObject,
                "enum" => node is JsonArray,
                "required" => node is JsonArray names && names.All(name => name is JsonValue text && text.GetValueKind() == JsonValueKind.String),
                _ => true,
            };
            if (!fits) throw new ArgumentException($"The schema's {key} is {node?.ToJsonString() ?? "null"}, expected {(key is "enum" ? "an array" : key is "required" ? "an array of names" : "an object")}.");
        }
    }

    /// <summary>What satisfies both; null where nothing does.</summary>
    private JsonObject? Merge(JsonObject left, JsonObject right)
    {
        Spend(1 + ((Size(left) + Size(right)) / CopiesOfWork));
        var merged = (JsonObject)left.DeepClone();
        foreach ((string key, JsonNode? value) in right)
        {
            if (!merged.TryGetPropertyValue(key, out JsonNode? own) || JsonNode.DeepEquals(own, value))
            {
                merged[key] = value?.DeepClone();
                continue;
            }

            RequireKinds(key, own, value);
            switch (key)
            {
                case "properties" or "prefixItems":
                    // Below: what one side does not name, its word for others holds for.
                    break;
                case "$defs" or "definitions":
                    foreach ((string name, JsonNode? schema) in value!.AsObject()) own!.AsObject()[name] = schema?.DeepClone();
                    break;
                case "required":
                    merged[key] = new JsonArray([.. own!.AsArray().Concat(value!.AsArray()).Select(x => x!.GetValue<string>()).Distinct().Select(x => (JsonNode)x)]);
                    break;
                case "type":
                    string[] types = [.. Types(own).SelectMany(a => Types(value).Where(b => a == b || (a, b) is ("number", "integer")).Concat(Types(value).Where(b => (a, b) is ("integer", "number")).Select(_ => a))).Distinct()];
                    if (types.Length == 0) return null;
                    merged[key] = new JsonArray([.. types.Select(x => (JsonNode)x)]);
                    break;
                case "enum":
                    Spend((long)own!.AsArray().Count * value!.AsArray().Count / ComparisonsOfWork);
                    merged[key] = new JsonArray([.. own!.AsArray().Where(x => value!.AsArray().Any(y => JsonNode.DeepEquals(x, y))).Select(x => x?.DeepClone())]);
                    break;
                case "const":
                    return null;
                case "minimum" or "exclusiveMinimum" or "minLength" or "minItems":
                    merged[key] = Number(own) >= Number(value) ? own!.DeepClone() : value!.DeepClone();
                    break;
                case "maximum" or "exclusiveMaximum" or "maxLength" or "maxItems":
                    merged[key] = Number(own) <= Number(value) ? own!.DeepClone() : value!.DeepClone();
                    break;
                case "additionalProperties" or "items":
                    merged[key] = Both(own, value);
                    break;
                case "title" or "description" or "default" or "examples" or "$comment" or "$schema" or "$id":
                    break;
                default:
                    throw new NotSupportedException($"The schema combines two different values of \"{key}\", which cannot be made one: {own?.ToJsonString()} and {value?.ToJsonString()}.");
            }
        }

        if (MergedProperties(left, right) is { } properties) merged["properties"] = properties;
        if (MergedItems(left, right) is { } items) merged["prefixItems"] = items;
        return merged;
    }

    /// <summary>Nodes of a schema, which are copied or compared where it is merged.</summary>
    private static long Size(JsonNode? node) => node switch
    {
        JsonObject map => 1 + map.Sum(member => Size(member.Value)),
        JsonArray list => 1 + list.Sum(Size),
        _ => 1,
    };

    /// <summary>The properties that either side names: one that the other does not name is one of the other's additional properties.</summary>
    /// <returns>Null where neither names any.</returns>
    private static JsonObject? MergedProperties(JsonObject left, JsonObject right)
    {
        if (!left.ContainsKey("properties") && !right.ContainsKey("properties")) return null;
        JsonObject own = Named(left), other = Named(right), merged = [];
        foreach ((string name, JsonNode? schema) in own) merged[name] = Both(schema, Of(right, other, name));
        foreach ((string name, JsonNode? schema) in other)
        {
            if (!own.ContainsKey(name)) merged[name] = Both(Of(left, own, name), schema);
        }

        return merged;

        static JsonObject Named(JsonObject side)
        {
            if (!side.TryGetPropertyValue("properties", out JsonNode? named)) return [];
            RequireKinds("properties", named, named);
            return named!.AsObject();
        }

        static JsonNode? Of(JsonObject side, JsonObject named, string name) =>
            named.TryGetPropertyValue(name, out JsonNode? schema) || side.TryGetPropertyValue("additionalProperties", out schema) ? schema : JsonValue.Create(true);
    }

    /// <summary>The first items that either side has schemas for: beyond the other's, the other's schema of all further items holds too.</summary>
    /// <returns>Null where neither has any.</returns>
    private static JsonArray? MergedItems(JsonObject left, JsonObject right)
    {
        if (!left.ContainsKey("prefixItems") && !right.ContainsKey("prefixItems")) return null;
        JsonArray own = First(left), other = First(right);
        return [.. Enumerable.Range(0, Math.Max(own.Count, other.Count)).Select(i => Both(Of(left, own, i), Of(right, other, i)))];

        static JsonArray First(JsonObject side) => side["prefixItems"] switch
        {
            null => [],
            JsonArray list => list,
            var found => throw new ArgumentException($"The schema's prefixItems are {found.ToJsonString()}, expected a list of schemas."),
        };

        static JsonNode? Of(JsonObject side, JsonArray first, int place) =>
            place < first.Count ? first[place] : side.TryGetPropertyValue("items", out JsonNode? all) ? all : JsonValue.Create(true);
    }

    /// <summary>What satisfies both of two schemas, as a schema.</summary>
    private static JsonNode? Both(JsonNode? left, JsonNode? right)
    {
        if (IsTrue(right) || JsonNode.DeepEquals(left, right)) return left?.DeepClone();
        return IsTrue(left) ? right?.DeepClone() : new JsonObject { ["allOf"] = new JsonArray(left?.DeepClone(), right?.DeepClone()) };

        static bool IsTrue(JsonNode? schema) => schema?.GetValueKind() == JsonValueKind.True;
    }

    private static double Number(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : throw new ArgumentException($"The schema has {node?.ToJsonString() ?? "null"} where a number is expected.");

    /// <summary>One alternative for each type; where none is named, that of the other words, or all.</summary>
    private static IEnumerable<JsonObject> OfTypes(JsonObject schema)
    {
        if (schema["const"] is not null || schema.ContainsKey("const") || schema["enum"] is not null) return [schema];
        string[] types = schema["type"] is { } named ? Types(named) : Implied(schema);
        if (types.Length == 1 && schema["type"] is JsonValue) return [schema];
        return types.Select(type =>
        {
            var typed = (JsonObject)schema.DeepClone();
            typed["type"] = type;
            return typed;
        });
    }

    /// <summary>The types that "type" names.</summary>
    public static string[] Types(JsonNode? type)
    {
        string[] types = type switch
        {
            JsonValue one when one.GetValueKind() == JsonValueKind.String => [one.GetValue<string>()],
            JsonArray list when list.All(x => x?.GetValueKind() == JsonValueKind.String) => [.. list.Select(x => x!.GetValue<string>()).Distinct()],
            _ => [],
        };
        return types.Length > 0 && types.All(s_types.Contains) ? types
            : throw new ArgumentException($"The schema's type is {type?.ToJsonString() ?? "null"}, expected one or a list of {string.Join(", ", s_types)}.");
    }

    private static string[] Implied(JsonObject schema)
    {
        if (Has("properties", "required", "additionalProperties")) return ["object"];
        if (Has("items", "prefixItems", "minItems", "maxItems")) return ["array"];
        if (Has("pattern", "minLength", "maxLength", "format")) return ["string"];
        if (Has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")) return ["number"];
        return ["object", "array", "string", "number", "boolean", "null"];

        bool Has(params ReadOnlySpan<string> keys)
        {
            foreach (string key in keys)
            {
                if (schema.ContainsKey(key)) return true;
            }

            return false;
        }
    }
}
