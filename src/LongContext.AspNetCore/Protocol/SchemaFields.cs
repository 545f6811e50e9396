using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The form that an answer must have: OpenAI's "response_format", and a JSON schema under the names of vLLM ("guided_json", "structured_outputs") and llama.cpp ("json_schema").</summary>
internal static class SchemaFields
{
    /// <summary>What a chat asks for; null for nothing.</summary>
    public static ChatResponseFormat? Read(JsonFields fields, OpenAIServerOptions limits)
    {
        ChatResponseFormat? format = Format(fields, limits), other = Other(fields, limits, out string? field);
        if (other is null) return format;
        return format is null or ChatResponseFormatText ? other : throw ProtocolException.Bad($"'response_format' and '{field}' both say what form the answer has: send one of them.", field);
    }

    private static ChatResponseFormat? Format(JsonFields fields, OpenAIServerOptions limits)
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
                return ChatResponseFormat.ForJsonSchema(Schema(schema, "response_format.json_schema.schema", limits), described.String("name"), described.String("description"));
            case null:
                throw ProtocolException.Bad("'response_format.type' is missing, expected text, json_object or json_schema.", "response_format.type");
            default:
                throw ProtocolException.Bad("'response_format.type' is unknown, expected text, json_object or json_schema.", "response_format.type");
        }
    }

    private static ChatResponseFormatJson? Other(JsonFields fields, OpenAIServerOptions limits, out string? field)
    {
        field = fields.Named("json_schema", "guided_json", "structured_outputs");
        if (fields.Find(field) is not { } given) return null;
        if (field != "structured_outputs") return ChatResponseFormat.ForJsonSchema(Schema(given, field, limits));
        JsonFields structured = JsonFields.Of(given, field);
        structured.Only("json");
        return structured.Find("json") is { } schema ? ChatResponseFormat.ForJsonSchema(Schema(schema, structured.Name("json"), limits)) : null;
    }

    /// <summary>A schema, or a string that spells one.</summary>
    private static JsonElement Schema(JsonElement schema, string name, OpenAIServerOptions limits)
    {
        if (JsonMarshal.GetRawUtf8Value(schema).Length is var bytes && bytes > limits.MaximumSchemaBytes)
            throw ProtocolException.Bad($"'{name}' has {bytes} bytes, expected at most {limits.MaximumSchemaBytes}.", name);
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
