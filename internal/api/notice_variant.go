package api

// noticeVariant says who gets a variant.
type noticeVariant struct {
	Variant string    `json:"variant"`
	For     noticeFor `json:"for"`
	Words   string    `json:"words"`
}

// noticeFor are conditions of which all that are named must fit.
type noticeFor struct {
	Kinds     []string `json:"kinds,omitempty" doc:"of parties: customer, partner, vendor, processor, employee_group, authority, law_enforcement, insurer; person for our own people"`
	Countries []string `json:"countries,omitempty" doc:"such as DE"`
	Labels    []string `json:"labels,omitempty" doc:"given in the list of recipients"`
	Channels  []string `json:"channels,omitempty" doc:"by which the copy goes; the text for phone is the script of calls"`
}
