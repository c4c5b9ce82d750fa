package holiday

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/sk"
)

// Holidays of places that github.com/rickar/cal lacks, or lists otherwise than the
// statute does. Source of each: the place's law on public holidays, as known in 2026.

func fixed(name string, month time.Month, day int) *cal.Holiday {
	return &cal.Holiday{Name: name, Month: month, Day: day, Func: cal.CalcDayOfMonth}
}

// easter is a day so many days after Easter Sunday of the western churches.
func easter(name string, offset int) *cal.Holiday {
	return &cal.Holiday{Name: name, Offset: offset, Func: cal.CalcEasterOffset}
}

// orthodox is a day so many days after Easter Sunday of the eastern churches.
func orthodox(name string, offset int) *cal.Holiday {
	return &cal.Holiday{Name: name, Offset: offset, Julian: true, Func: cal.CalcEasterOffset}
}

// since says the first year of a holiday.
func since(year int, h *cal.Holiday) *cal.Holiday {
	h.StartYear = year
	return h
}

// until says the last year of a holiday.
func until(year int, h *cal.Holiday) *cal.Holiday {
	h.EndYear = year
	return h
}

// toMonday moves a holiday to the next Monday (Colombia, Ley 51 de 1983).
func toMonday(h *cal.Holiday) *cal.Holiday {
	inner := h.Func
	h.Func = func(h *cal.Holiday, year int) time.Time {
		day := inner(h, year)
		return day.AddDate(0, 0, (8-int(day.Weekday()))%7)
	}
	return h
}

func cyprus() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("Epiphany", 1, 6), orthodox("Green Monday", -48), fixed("Greek Independence", 3, 25),
		fixed("Cyprus National Day", 4, 1), orthodox("Good Friday", -2), orthodox("Easter Monday", 1), fixed("Labour Day", 5, 1),
		orthodox("Whit Monday", 50), fixed("Assumption", 8, 15), fixed("Cyprus Independence", 10, 1), fixed("Ohi Day", 10, 28),
		fixed("Christmas", 12, 25), fixed("Second day of Christmas", 12, 26),
	}
}

func estonia() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("Independence", 2, 24), easter("Good Friday", -2), easter("Easter", 0), fixed("Spring Day", 5, 1),
		easter("Pentecost", 49), fixed("Victory Day", 6, 23), fixed("Midsummer", 6, 24), fixed("Restoration of Independence", 8, 20),
		fixed("Christmas Eve", 12, 24), fixed("Christmas", 12, 25), fixed("Second day of Christmas", 12, 26),
	}
}

func finland() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("Epiphany", 1, 6), easter("Good Friday", -2), easter("Easter Monday", 1), fixed("May Day", 5, 1),
		easter("Ascension", 39), fixed("Independence", 12, 6), fixed("Christmas", 12, 25), fixed("Second day of Christmas", 12, 26),
	}
}

func hungary() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("Revolution of 1848", 3, 15), since(2017, easter("Good Friday", -2)), easter("Easter Monday", 1),
		fixed("Labour Day", 5, 1), easter("Whit Monday", 50), fixed("State Foundation", 8, 20), fixed("Revolution of 1956", 10, 23),
		fixed("All Saints", 11, 1), fixed("Christmas", 12, 25), fixed("Second day of Christmas", 12, 26),
	}
}

func luxembourg() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), easter("Easter Monday", 1), fixed("Labour Day", 5, 1), since(2019, fixed("Europe Day", 5, 9)),
		easter("Ascension", 39), easter("Whit Monday", 50), fixed("National Day", 6, 23), fixed("Assumption", 8, 15),
		fixed("All Saints", 11, 1), fixed("Christmas", 12, 25), fixed("Second day of Christmas", 12, 26),
	}
}

func malta() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("St Paul's Shipwreck", 2, 10), fixed("St Joseph", 3, 19), easter("Good Friday", -2),
		fixed("Freedom Day", 3, 31), fixed("Workers' Day", 5, 1), fixed("Sette Giugno", 6, 7), fixed("St Peter and St Paul", 6, 29),
		fixed("Assumption", 8, 15), fixed("Our Lady of Victories", 9, 8), fixed("Independence", 9, 21),
		fixed("Immaculate Conception", 12, 8), fixed("Republic Day", 12, 13), fixed("Christmas", 12, 25),
	}
}

func portugal() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), easter("Good Friday", -2), fixed("Freedom Day", 4, 25), fixed("Labour Day", 5, 1),
		easter("Corpus Christi", 60), fixed("Portugal Day", 6, 10), fixed("Assumption", 8, 15), fixed("Republic Day", 10, 5),
		fixed("All Saints", 11, 1), fixed("Restoration of Independence", 12, 1), fixed("Immaculate Conception", 12, 8),
		fixed("Christmas", 12, 25),
	}
}

// slovakWorks are days the library lists for every year. Some of them stayed state
// holidays but became working days (Zákon 241/1993, as changed in 2023 and 2025):
// 1 September from 2024, 17 November from 2025, and for one year, 2026, 8 May and
// 15 September.
var slovakWorks = []string{
	sk.Constitution.Name, sk.Freedom.Name, sk.Liberation.Name, sk.LadyOfSorrows.Name,
}

func slovakia() []*cal.Holiday {
	victory, sorrows := fixed("Victory over Fascism", 5, 8), fixed("Our Lady of Sorrows", 9, 15)
	victory.Except, sorrows.Except = []int{2026}, []int{2026}
	return []*cal.Holiday{victory, sorrows, until(2023, fixed("Constitution Day", 9, 1)), until(2024, fixed("Freedom and Democracy", 11, 17))}
}

// Carnival and Corpus Christi are optional in Brazil, no national holidays.
// Black Awareness is one since Lei 14.759/2023.
func brazil() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), easter("Good Friday", -2), fixed("Tiradentes", 4, 21), fixed("Labour Day", 5, 1),
		fixed("Independence", 9, 7), fixed("Our Lady of Aparecida", 10, 12), fixed("All Souls", 11, 2), fixed("Republic Day", 11, 15),
		since(2024, fixed("Black Awareness", 11, 20)), fixed("Christmas", 12, 25),
	}
}

func colombia() []*cal.Holiday {
	return []*cal.Holiday{
		fixed("New Year", 1, 1), toMonday(fixed("Epiphany", 1, 6)), toMonday(fixed("St Joseph", 3, 19)), easter("Maundy Thursday", -3),
		easter("Good Friday", -2), fixed("Labour Day", 5, 1), easter("Ascension", 43), easter("Corpus Christi", 64),
		easter("Sacred Heart", 71), toMonday(fixed("St Peter and St Paul", 6, 29)), fixed("Independence", 7, 20),
		fixed("Battle of Boyacá", 8, 7), toMonday(fixed("Assumption", 8, 15)), toMonday(fixed("Day of the Race", 10, 12)),
		toMonday(fixed("All Saints", 11, 1)), toMonday(fixed("Independence of Cartagena", 11, 11)),
		fixed("Immaculate Conception", 12, 8), fixed("Christmas", 12, 25),
	}
}

// The institutions publish their holidays each year; this is the usual pattern.
func institutions() []*cal.Holiday {
	days := []*cal.Holiday{
		fixed("New Year", 1, 1), fixed("Day after New Year", 1, 2), easter("Maundy Thursday", -3), easter("Good Friday", -2),
		easter("Easter Monday", 1), fixed("Labour Day", 5, 1), fixed("Schuman Declaration", 5, 9), easter("Ascension", 39),
		easter("Day after Ascension", 40), easter("Whit Monday", 50), fixed("Belgian National Day", 7, 21), fixed("Assumption", 8, 15),
		fixed("All Saints", 11, 1),
	}
	for d := 24; d <= 31; d++ {
		days = append(days, fixed("End of the year", 12, d))
	}
	return days
}
