using System.Text.Json;

namespace LongContext.Data.Reading;

/// <summary>
/// What is made of the records of files, one after the other; made by <see cref="RecordSource.FromFiles{T}"/>. It holds one file open, so it is
/// to be disposed by whoever made it.
/// </summary>
/// <typeparam name="T">What is made of a record.</typeparam>
/// <remarks>
/// Its state is the file at hand, the place in it and the counts. It is refused where the files' names (below the folder they share), their
/// sizes, what is a record of them or the identity of the map are others; what becomes of bad lines may be another. Going to a place of a plain
/// file takes no time; a compressed file is read from the beginning of its zstd frame or gzip member, without being parsed.
/// </remarks>
public sealed class RecordSource<T> : IDataSource<T>, IDisposable
    where T : class
{
    private const string StateKind = "records";

    private readonly DataFileList files;
    private readonly Func<DataRecord, T?> map;
    private readonly RecordSourceOptions options;
    private readonly (string Name, string Value)[] settings;
    private ReadingCounts counts;
    private int file;
    private RecordPlace place;
    private IRecordReader? reader;
    private bool disposed;

    internal RecordSource(DataFileList files, Func<DataRecord, T?> map, string identity, RecordSourceOptions options)
    {
        this.files = files;
        this.map = map;
        this.options = options;
        settings = [.. files.Settings(), .. options.Settings(), ("map", identity)];
        counts = new ReadingCounts(options);
    }

    /// <summary>The files in the order in which they are read, by full path.</summary>
    public IReadOnlyList<string> Files => files.Paths;

    /// <summary>What has been read so far.</summary>
    public ReadingReport Report => new()
    {
        Files = files.Count,
        FilesRead = file,
        Bytes = files.TotalBytes,
        BytesRead = files.BytesBefore(file) + (reader?.BytesRead ?? 0),
        Records = counts.Records,
        LeftOut = counts.LeftOut,
        BadLines = counts.BadLines,
        Faults = counts.Faults,
    };

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">A bad line that is not to be passed, or one too many; the source stands before it.</exception>
    /// <exception cref="IOException">A file cannot be read, or is not as long as it was when the source was made.</exception>
    public T? Next(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        while (file < files.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (TryStep(cancellationToken) is { } item) return item;
            }
            catch
            {
                // What stays is the place after the last line that is done with; the reader may be somewhere behind it.
                Close();
                throw;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public StreamState Capture() => new StreamState(StateKind)
        .Set("file", file)
        .Set("number", place.Number)
        .Set("offset", place.Offset)
        .Set("frame-start", place.FrameStart)
        .Set("frame-text", place.FrameText)
        .Set("counts", counts.Capture())
        .SetSettings(settings);

    /// <inheritdoc/>
    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        ObjectDisposedException.ThrowIf(disposed, this);
        state.RequireKind(StateKind);
        state.RequireSettings(settings);
        int newFile = (int)state.GetNumber("file", 0, files.Count);
        RecordPlace newPlace = new(state.GetNumber("number", 0), state.GetNumber("offset", 0), state.GetNumber("frame-start", 0), state.GetNumber("frame-text", 0));
        counts = ReadingCounts.From(state.GetState("counts"), options);
        Close();
        (file, place) = (newFile, newPlace);
    }

    /// <summary>Closes the file at hand.</summary>
    public void Dispose()
    {
        Close();
        disposed = true;
    }

    /// <summary>One line further: an item, or null where there is none in it or the file is at its end.</summary>
    private T? TryStep(CancellationToken cancellationToken)
    {
        T? item;
        try
        {
            reader ??= Open(cancellationToken);
            if (reader.Next(cancellationToken) is not { } record)
            {
                EndFile();
                return null;
            }

            item = Map(record);
        }
        catch (DataFormatException fault)
        {
            // What cannot even be opened is no matter of one line, whatever it says of itself.
            bool endsFile = fault.EndsFile || reader is null;
            counts.Pass(fault, endsFile);
            if (endsFile) EndFile();
            else place = reader!.Place;
            return null;
        }

        if (item is null) counts.LeftOut++;
        else counts.Records++;
        place = reader.Place;
        return item;
    }

    private T? Map(DataRecord record)
    {
        try
        {
            return map(record);
        }
        catch (DataFormatException fault) when (fault.Path is null || fault.EndsFile)
        {
            // The map may read files of its own: that one of them is broken says nothing of the rest of this one.
            throw Fault(fault);
        }
        catch (Exception fault) when (fault is FormatException and not DataFormatException or InvalidOperationException and not ObjectDisposedException
            or KeyNotFoundException or InvalidCastException or NullReferenceException or ArgumentException or OverflowException or JsonException)
        {
            throw Fault(fault);
        }

        DataFormatException Fault(Exception fault) => new(
            record.Origin.Path, record.Origin.Number, fault is DataFormatException ? fault.Message : $"the map failed: {fault.Message}", fault, record.Origin.Unit);
    }

    private IRecordReader Open(CancellationToken cancellationToken)
    {
        string path = files.Paths[file];
        if (new FileInfo(path).Length is var length && length != files.Size(file))
            throw new IOException(FormattableString.Invariant($"{path} has {length} bytes now; it had {files.Size(file)} when the source was made."));
        IRecordReader opened = RecordFormats.Open(path, options, cancellationToken);
        try
        {
            if (place != default) opened.MoveTo(place, cancellationToken);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private void EndFile()
    {
        Close();
        file++;
        place = default;
    }

    private void Close()
    {
        reader?.Dispose();
        reader = null;
    }
}
