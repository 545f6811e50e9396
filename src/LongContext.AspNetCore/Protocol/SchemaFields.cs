using System.Runtime.InteropServices;
using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>
/// The form that an answer must have: OpenAI's "response_format"; a JSON schema, a choice or a pattern under vLLM's names ("guided_json", "guided_choice", "guided_regex", "structured_outputs"), llama.cpp's ("json_schema") and
/// SGLang's ("regex").
/// </summary>
internal static class SchemaFields
{
    private const string Structured = "structured_outputs", Choice = "guided_choice", Pattern = "guided_regex";

    /// <summary>Puts what is asked for into a request's options.</summary>
    /// <returns>The field that says it; null where none does.</returns>
    public static string? Read(JsonFields fields, OpenAIServerOptions limits, ChatOptions options)
    {
        options.ResponseFormat = Format(fields, limits, options);
        string? standard = options.ResponseFormat is ChatResponseFormatJson ? "response_format" : null;
        if (OneOf(fields, "json_schema", "guided_json", Choice, Pattern, "regex", Structured) is not { } field) return standard;
        JsonFields holder = fields;
        string kind = field;
        if (field == Structured)
        {
            holder = JsonFields.Of(fields.Find(field)!.Value, field);
            holder.Only("json", "choice", "regex");
            if (OneOf(holder, "json", "choice", "regex") is not { } inner) return standard;
            kind = inner;
        }

        if (options.ResponseFormat is not (null or ChatResponseFormatText)) throw Both("response_format", field);
        string name = holder.Name(kind);
        JsonElement given = holder.Find(kind)!.Value;
        if (kind is Choice or "choice") (options.AdditionalProperties ??= [])[ChatOptionKeys.Choices] = Choices(given, name, limits);
        else if (kind is Pattern or "regex") (options.AdditionalProperties ??= [])[ChatOptionKeys.Pattern] = Regex(given, name, limits);
        else options.ResponseFormat = ChatResponseFormat.ForJsonSchema(Schema(given, name, limits));
        return name;
    }

    /// <summary>Which of some fields is there; null for none.</summary>
    private static string? OneOf(JsonFields fields, params ReadOnlySpan<string> names)
    {
        string? found = null;
        foreach (string name in names)
        {
            if (fields.Find(name) is not { } given || IsEmpty(name, given)) continue;
            if (found is not null) throw Both(fields.Name(found), fields.Name(name));
            found = name;
        }

        return found;
    }

    /// <summary>An empty list or pattern asks for nothing.</summary>
    private static bool IsEmpty(string name, JsonElement given) => given.ValueKind switch
    {
        JsonValueKind.Array => given.GetArrayLength() == 0,
        JsonValueKind.String => name.EndsWith("regex", StringComparison.Ordinal) && given.ValueEquals(""),
        _ => false,
    };

    private static ProtocolException Both(string one, string other) => ProtocolException.Bad($"'{one}' and '{other}' both say what form the answer has: send one of them.", other);

    private static ChatResponseFormat? Format(JsonFields fields, OpenAIServerOptions limits, ChatOptions options)
    {
        if (fields.Object("response_format") is not { } format) return null;
        switch (format.String("type"))
        {
            case "text":
                return ChatResponseFormat.Text;
            case "json_object":
                // llama.cpp's own form has the schema here.
                return format.Find("schema") is { } plain ? ChatResponseFormat.ForJsonSchema(Schema(plain, "response_format.schema", limits)) : ChatResponseFormat.Json;
            case "json_schema":
                JsonFields described = format.Object("json_schema") ?? throw ProtocolException.Bad("'response_format.json_schema' is missing, expected an object.", "response_format.json_schema");
                JsonElement schema = described.Find("schema") ?? throw ProtocolException.Bad("'response_format.json_schema.schema' is missing, expected a JSON schema.", "response_format.json_schema.schema");
                if (described.Boolean("strict") == true) (options.AdditionalProperties ??= [])[ChatOptionKeys.StrictSchema] = true;
                return ChatResponseFormat.ForJsonSchema(Schema(schema, "response_format.json_schema.schema", limits), described.String("name"), described.String("description"));
            case null:
                throw ProtocolException.Bad("'response_format.type' is missing, expected text, json_object or json_schema.", "response_format.type");
            default:
                throw ProtocolException.Bad("'response_format.type' is unknown, expected text, json_object or json_schema.", "response_format.type");
        }
    }

    private static List<string> Choices(JsonElement given, string name, OpenAIServerOptions limits)
    {
        if (given.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(name, "an array of strings", given);
        if (given.GetArrayLength() is var count && count > limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{name}' has {count} texts, expected at most {limits.MaximumNamedTokens}.", name);
        RefuseLarge(given, name, limits);
        List<string> choices = new(count);
        foreach (JsonElement item in given.EnumerateArray())
        {
            string place = $"{name}[{choices.Count}]", text = JsonFields.Text(item, place);
            choices.Add(text.Length > 0 ? text : throw ProtocolException.Bad($"'{place}' is empty.", place));
        }

        return choices;
    }

    private static string Regex(JsonElement given, string name, OpenAIServerOptions limits)
    {
        RefuseLarge(given, name, limits);
        return JsonFields.Text(given, name);
    }

    private static void RefuseLarge(JsonElement given, string name, OpenAIServerOptions limits)
    {
        if (JsonMarshal.GetRawUtf8Value(given).Length is var bytes && bytes > limits.MaximumSchemaBytes)
            throw ProtocolException.Bad($"'{name}' has {bytes} bytes, expected at most {limits.MaximumSchemaBytes}.", name);
    }

    /// <summary>A schema, or a string that spells one.</summary>
    private static JsonElement Schema(JsonElement schema, string name, OpenAIServerOptions limits)
    {
        RefuseLarge(schema, name, limits);
        if (schema.ValueKind == JsonValueKind.String)
        {
            try
            {
                using JsonDocument spelled = JsonDocument.Parse(JsonFields.Text(schema, name), new JsonDocumentOptions { MaxDepth = limits.MaximumJsonDepth });
                schema = spelled.RootElement.Clone();
            }
            catch (JsonException)
            {
                throw ProtocolException.Bad($"'{name}' is a string that is no JSON, expected a JSON schema.", name);
            }
        }

        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)) throw JsonFields.Wrong(name, "a JSON schema", schema);
        JsonFields.RequireText(schema, name);
        return schema.Clone();
    }
}
