using System.Text;

namespace LongContext.Gguf;

/// <summary>Writes metadata values.</summary>
internal static class GgufValueWriter
{
    /// <summary>The type and the value.</summary>
    public static void Write(BinaryWriter writer, object value)
    {
        if (value is Array array)
        {
            GgufValueType element = GgufValueTypes.FromClrType(array.GetType().GetElementType()!)!.Value;
            writer.Write((uint)GgufValueType.Array);
            writer.Write((uint)element);
            writer.Write((ulong)array.LongLength);
            foreach (object item in array) WriteValue(writer, item);
            return;
        }

        writer.Write((uint)GgufValueTypes.FromClrType(value.GetType())!.Value);
        WriteValue(writer, value);
    }

    /// <summary>The length in bytes and the text; half a surrogate pair becomes the replacement character.</summary>
    public static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write((ulong)Encoding.UTF8.GetByteCount(text));
        writer.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            case bool flag: writer.Write((byte)(flag ? 1 : 0)); break;
            default: WriteText(writer, (string)value); break;
        }
    }
}
